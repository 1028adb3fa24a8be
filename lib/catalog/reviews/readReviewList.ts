import type { CacheResult } from '../../cacheAside/index.ts'
import type { Caches } from '../caches.ts'
import { readReviews } from './readReviews.ts'

/** A page of a product's reviews, as JSON text. */
export interface ReviewList extends Pick<CacheResult<unknown>, 'status' | 'until'> {
  /** `{ "items": [...] }`. Undefined if there is no such product. */
  body: string | undefined
  /** The cursor of the next page. Undefined on the last page. */
  next: string | undefined
}

const bypass = { hit: false, fwd: 'bypass', detail: 'cursor' } as const

/**
 * Reads a page of a product's reviews: the first page from the cache, later pages, which few clients request, from the
 * table.
 *
 * @throws {InvalidCursor} if the cursor was not made for these reviews; and what the cache and the SDK throw
 */
export async function readReviewList(
  { db, table, cursors, reviews }: Caches,
  id: string,
  request: { cursor?: string | undefined; budgetMs?: number; signal?: AbortSignal | undefined },
): Promise<ReviewList> {
  const { cursor, signal, ...budget } = request
  if (cursor === undefined) {
    const { body, status } = await reviews.get(id, budget)
    return { ...splitCursor(body), status }
  }
  const page = await readReviews({ db, table, signal }, cursors, id, cursor)
  return { ...splitCursor(page && JSON.stringify(page.value)), status: bypass }
}

/**
 * Takes the cursor out of the JSON text of a page of reviews, without parsing the text. The cursor is the last member of
 * the object. The text of a review cannot be mistaken for it, because its quotes are escaped.
 */
function splitCursor(text: string | undefined): Pick<ReviewList, 'body' | 'next'> {
  if (text === undefined || text.endsWith(']}')) return { body: text, next: undefined }
  const name = ',"next":"'
  const at = text.lastIndexOf(name)
  return { body: `${text.slice(0, at)}}`, next: text.slice(at + name.length, -'"}'.length) }
}
