import { IdTaken } from '../errors.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import type { TableAccess } from '../table/access.ts'
import { toProduct, toReplacement } from '../table/items.ts'
import type { Product, ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'
import { retryOnConflict } from './retryOnConflict.ts'

/**
 * Creates a product. Calling it again with the same `writeId` succeeds too, and returns the product that the first call
 * created.
 *
 * @throws {IdTaken} if another product has this id
 * @throws {WriteConflict} if others created or deleted the product during each of five attempts
 */
export async function createProduct(
  access: TableAccess,
  id: string,
  content: ProductContent,
  writeId: string,
): Promise<{ value: Product; version: number; created: true }> {
  return retryOnConflict(id, undefined, async (current) => {
    if (current?.deleted) await clearReviews(access, current)
    const item = toReplacement(id, content, current, writeId)
    const { written, stored } = await putIfVersion(access, item, current?.version)
    if (!stored || stored.deleted) return { found: stored }
    // An id that was generated for this write belongs to this write, even if the product was edited since.
    if (!written && id !== writeId) throw new IdTaken(id)
    return { done: { value: toProduct(stored), version: stored.version, created: true } }
  })
}
