import { readItem } from '../product/readProduct.ts'
import type { TableAccess } from '../table/access.ts'
import type { Cursors } from '../table/cursor.ts'
import { readThreads } from './readThreads.ts'
import type { ReviewThread } from './reviewTree.ts'

/** How many threads a page of reviews has. */
export const threadsPerPage = 20

/**
 * A page of a product's reviews: threads, newest first, and the cursor of the next page. The cursor is the last member.
 */
export interface ReviewPage {
  items: ReviewThread[]
  next?: string
}

/** How long a further page is cached, in ms. It is the public staleness, which a CDN does not add to. */
export const reviewPageTtlMs = 10_000

/**
 * How long a further page of a product that cannot be read is cached, in ms. The entry of the product spares the
 * database in any case.
 */
export const unreadableTtlMs = 1_000

const scopeOf = (productId: string) => `reviews:${productId}`

/**
 * Reads the first page of a product's reviews with strongly consistent reads. Returns undefined if there is no such
 * product.
 *
 * Requests: a GetItem of the product, one read unit per 4 KB, then {@link readThreads}. They run one after the other,
 * because the version must not be newer than the reviews.
 *
 * @throws what the SDK throws
 */
export async function readReviews(
  access: TableAccess,
  cursors: Cursors,
  id: string,
): Promise<{ value: ReviewPage; version: number } | undefined> {
  const product = await readItem(access, id)
  if (!product) return undefined
  return { value: await readReviewPage(access, cursors, id), version: product.version }
}

/**
 * Reads a page of a product's reviews by {@link readThreads}.
 *
 * @param options.after the position at which the page before ended; without it, the first page
 * @param options.consistent whether the read is strongly consistent. @default true
 * @throws what the SDK throws
 */
export async function readReviewPage(
  access: TableAccess,
  cursors: Cursors,
  productId: string,
  options: { after?: string | undefined; consistent?: boolean } = {},
): Promise<ReviewPage> {
  const { threads, last } = await readThreads(access, productId, { count: threadsPerPage, ...options })
  const value: ReviewPage = { items: threads }
  if (last !== undefined) value.next = await cursors.sign(scopeOf(productId), last, access.signal)
  return value
}

/**
 * Returns the id under which a further page is cached. A cursor is signed, so a product has no more of them than it has
 * threads.
 *
 * @param cursor `next` of the page before
 * @throws {InvalidCursor} if the cursor was not made for this product's reviews; and what the SDK throws
 */
export const toReviewPageId = async (
  cursors: Cursors,
  productId: string,
  cursor: string,
  signal: AbortSignal | undefined,
): Promise<string> => `${productId}|${await cursors.read(scopeOf(productId), cursor, signal)}`

/** Returns the parts of an id that {@link toReviewPageId} made. No product id contains a `|`. */
export const parseReviewPageId = (id: string): { productId: string; after: string } => {
  const at = id.indexOf('|')
  return { productId: id.slice(0, at), after: id.slice(at + 1) }
}
