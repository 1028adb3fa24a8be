import { IdTaken } from '../errors.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import type { TableAccess } from '../table/access.ts'
import { replacement, toProduct } from '../table/items.ts'
import { onWhatStands } from './onWhatStands.ts'
import type { Product, ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'

/**
 * Creates a product. Done again with the same `writeId` it finds what it did before, and that is success too.
 *
 * @throws {IdTaken} when there is a product of that id
 * @throws {WriteConflict} when others created and deleted it each of five times
 */
export async function createProduct(
  access: TableAccess,
  id: string,
  content: ProductContent,
  writeId: string,
): Promise<{ value: Product; version: number; created: true }> {
  return onWhatStands(id, undefined, async (current) => {
    if (current?.deleted) await clearReviews(access, current)
    const item = replacement(id, content, current, writeId)
    const { written, stored } = await putIfVersion(access, item, current?.version)
    if (!stored || stored.deleted) return { found: stored }
    // An id that was made for this write is nobody else's, also where somebody has edited the product since.
    if (!written && id !== writeId) throw new IdTaken(id)
    return { done: { value: toProduct(stored), version: stored.version, created: true } }
  })
}
