import { randomUUID } from 'node:crypto'
import { NoSuchProduct } from '../errors.ts'
import type { TableAccess } from '../table/access.ts'
import { replacement, toProduct } from '../table/items.ts'
import { mergePatch } from './mergePatch.ts'
import { onWhatStands } from './onWhatStands.ts'
import { demand, type Precondition } from './precondition.ts'
import { type Product, parseProductWithId } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readStored } from './readProduct.ts'

/**
 * Changes a product by a JSON merge patch. What comes of it is checked like a product that is put. An edit that
 * somebody else makes at the same moment is kept: the patch is applied again to what they left.
 *
 * @throws {NoSuchProduct} when there is none
 * @throws {PreconditionFailed} when it is not as demanded
 * @throws {InvalidProduct} when the patched product has faults
 * @throws {WriteConflict} when each of five attempts met another writer
 */
export async function patchProduct(
  access: TableAccess,
  id: string,
  patch: unknown,
  precondition: Precondition = {},
): Promise<{ value: Product; version: number; created: false }> {
  const writeId = randomUUID()
  const seen = await readStored(access, id)
  return onWhatStands(id, seen, async (current) => {
    if (!current || current.deleted) throw new NoSuchProduct(id)
    demand(precondition, current.version)
    const content = parseProductWithId(id, mergePatch(toProduct(current), patch))
    const item = replacement(id, content, current, writeId)
    const { written, stored } = await putIfVersion(access, item, current.version)
    return written
      ? { done: { value: toProduct(stored), version: stored.version, created: false } }
      : { found: stored }
  })
}
