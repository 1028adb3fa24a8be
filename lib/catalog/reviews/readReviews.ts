import { readItem } from '../product/readProduct.ts'
import type { TableAccess } from '../table/access.ts'
import type { Cursors } from '../table/cursor.ts'
import { readThreads } from './readThreads.ts'
import type { ReviewThread } from './reviewTree.ts'

/** How many threads a page of reviews has. */
export const threadsPerPage = 20

/** A page of a product's reviews: threads, newest first, and the cursor of the next page. The cursor is the last member. */
export interface ReviewPage {
  items: ReviewThread[]
  next?: string
}

/**
 * Reads a page of a product's reviews, strongly consistent. Returns undefined if there is no such product.
 *
 * Access: a GetItem of the product, one read unit per 4 KB, then the Query of {@link readThreads}. They run one after the
 * other, because the version must not be newer than the reviews.
 *
 * @param cursor `next` of the page before; without it, the first page
 * @throws {InvalidCursor} if the cursor was not made for this product's reviews; and what the SDK throws
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
