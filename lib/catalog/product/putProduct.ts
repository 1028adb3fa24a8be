import { randomUUID } from 'node:crypto'
import { clearReviews } from '../reviews/clearReviews.ts'
import type { TableAccess } from '../table/access.ts'
import { replacement, toProduct } from '../table/items.ts'
import { onWhatStands } from './onWhatStands.ts'
import { demand, type Precondition } from './precondition.ts'
import type { Product, ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readStored } from './readProduct.ts'

/**
 * Replaces a product, or creates it. The put is conditional on the version that was read just before, so that two
 * writers never lose an update: the later one reads again, and its precondition is judged again. Rating and time of
 * creation stay.
 *
 * @throws {PreconditionFailed} when the product is not as demanded
 * @throws {WriteConflict} when each of five attempts met another writer
 */
export async function putProduct(
  access: TableAccess,
  id: string,
  content: ProductContent,
  precondition: Precondition = {},
): Promise<{ value: Product; version: number; created: boolean }> {
  const writeId = randomUUID()
  const seen = await readStored(access, id)
  return onWhatStands(id, seen, async (current) => {
    const created = !current || current.deleted === true
    demand(precondition, created ? undefined : current.version)
    if (current?.deleted) await clearReviews(access, current)
    const item = replacement(id, content, current, writeId)
    const { written, stored } = await putIfVersion(access, item, current?.version)
    return written
      ? { done: { value: toProduct(stored), version: stored.version, created } }
      : { found: stored }
  })
}
