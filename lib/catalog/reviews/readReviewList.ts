import type { CacheResult } from '../../cacheAside/index.ts'
import type { Caches } from '../caches.ts'
import { unreadableBody } from '../product/readProduct.ts'
import { toReviewPageId } from './readReviews.ts'

/** A page of a product's reviews, as JSON text. */
export interface ReviewList extends Pick<CacheResult<unknown>, 'status' | 'until'> {
  /** `{ "items": [...] }`. Undefined if there is no such product, {@link unreadableBody} if it cannot be read. */
  body: string | undefined
  /** The cursor of the next page. Undefined on the last page. */
  next: string | undefined
}

/**
 * Reads a page of a product's reviews from the cache.
 *
 * @throws {InvalidCursor} if the cursor was not made for these reviews; and what the cache throws
 */
export async function readReviewList(
  { cursors, reviews, reviewPages }: Caches,
  id: string,
  request: { cursor?: string | undefined; budgetMs?: number; signal?: AbortSignal | undefined },
): Promise<ReviewList> {
  const { cursor, signal, ...budget } = request
  const { body, status, until } =
    cursor === undefined
      ? await reviews.get(id, budget)
      : await reviewPages.get(await toReviewPageId(cursors, id, cursor, signal), budget)
  return { ...splitCursor(body), status, until }
}

/**
 * Takes the cursor out of the JSON text of a page of reviews, without parsing the text. The cursor is the last member
 * of the object. The text of a review cannot be mistaken for it, because its quotes are escaped.
 */
function splitCursor(text: string | undefined): Pick<ReviewList, 'body' | 'next'> {
  if (text === undefined || text === unreadableBody || text.endsWith(']}'))
    return { body: text, next: undefined }
  const name = ',"next":"'
  const at = text.lastIndexOf(name)
  return { body: `${text.slice(0, at)}}`, next: text.slice(at + name.length, -'"}'.length) }
}
