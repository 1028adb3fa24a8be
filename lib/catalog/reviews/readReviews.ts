import { readItem } from '../product/readProduct.ts'
import type { TableAccess } from '../table/access.ts'
import type { Cursors } from '../table/cursor.ts'
import { readThreads } from './readThreads.ts'
import type { ReviewThread } from './reviewTree.ts'

/** How many threads one page has. */
export const threadsPerPage = 20

/** Some threads of a product's reviews, newest first, and the cursor of the next ones; the cursor stands last. */
export interface ReviewPage {
  items: ReviewThread[]
  next?: string
}

/**
 * Reads one page of a product's reviews, strongly consistent. Undefined where there is no such product.
 *
 * Access: GetItem of the product (a read unit for each 4 KB of it), then the Query of {@link readThreads}. One after
 * the other, since the version must not be newer than the reviews that it stands for.
 *
 * @param cursor `next` of the page before
 * @throws {InvalidCursor} for one that was not made for this product's reviews; and what the SDK throws
 */
export async function readReviews(
  access: TableAccess,
  cursors: Cursors,
  id: string,
  cursor?: string,
): Promise<{ value: ReviewPage; version: number } | undefined> {
  const scope = `reviews:${id}`
  const after = cursor === undefined ? undefined : await cursors.read(scope, cursor, access.signal)
  const product = await readItem(access, id)
  if (!product) return undefined
  const { threads, last } = await readThreads(access, id, { count: threadsPerPage, after })
  const value: ReviewPage = { items: threads }
  if (last !== undefined) value.next = await cursors.sign(scope, last, access.signal)
  return { value, version: product.version }
}
