import { randomUUID } from 'node:crypto'
import { clearReviews } from '../reviews/clearReviews.ts'
import type { TableAccess } from '../table/access.ts'
import { toProduct, toReplacement } from '../table/items.ts'
import { mendTombstone } from './mendTombstone.ts'
import { checkPrecondition, type Precondition } from './precondition.ts'
import type { Product, ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readStored } from './readProduct.ts'
import { retryOnConflict } from './retryOnConflict.ts'

/**
 * Replaces a product, or creates it. The put is conditional on the version that was just read. If another writer was
 * faster, the product that it stored is checked against the precondition again, and then replaced. A replaced product
 * keeps its rating and its creation time. An item that cannot be read is replaced too, on condition that its version is
 * still as it is stored. It keeps its rating and its creation time if those can be read.
 *
 * @throws {PreconditionFailed} if the product does not meet the precondition
 * @throws {WriteConflict} if each of five attempts conflicted with another writer
 */
export async function putProduct(
  access: TableAccess,
  id: string,
  content: ProductContent,
  precondition: Precondition = {},
): Promise<{ value: Product; version: number; created: boolean }> {
  const writeId = randomUUID()
  const seen = await readStored(access, id)
  return retryOnConflict(id, seen, async (current) => {
    const created = !current || current.deleted === true
    if (current?.unreadable && current.isTombstone) return mendTombstone(access, current)
    checkPrecondition(precondition, created ? undefined : current.version)
    if (current?.deleted) await clearReviews(access, current)
    const item = toReplacement(id, content, current, writeId)
    const { written, stored } = await putIfVersion(access, item, current?.version)
    return written
      ? { done: { value: toProduct(stored), version: stored.version, created } }
      : { found: stored }
  })
}
