import type { CacheResult } from '../../cacheAside/index.ts'
import type { Caches } from '../caches.ts'
import { readReviews } from './readReviews.ts'

/** Some threads of a product's reviews as JSON, `{ "items": [...] }`, and the cursor of the next ones where there are any. */
export interface ReviewList extends Pick<CacheResult<unknown>, 'status' | 'until'> {
  /** Undefined where there is no such product. */
  body: string | undefined
  next: string | undefined
}

const pastTheCache = { hit: false, fwd: 'bypass', detail: 'cursor' } as const

/**
 * The first threads out of the cache; those after a cursor, which few ask for, out of the table.
 *
 * @throws {InvalidCursor} for one that was not made for these reviews; and what the cache and the SDK throw
 */
export async function readReviewList(
  { db, table, cursors, reviews }: Caches,
  id: string,
  asked: { cursor?: string | undefined; budgetMs?: number; signal?: AbortSignal | undefined },
): Promise<ReviewList> {
  const { cursor, signal, ...budget } = asked
  if (cursor === undefined) {
    const { body, status } = await reviews.get(id, budget)
    return { ...split(body), status }
  }
  const page = await readReviews({ db, table, signal }, cursors, id, cursor)
  return { ...split(page && JSON.stringify(page.value)), status: pastTheCache }
}

/**
 * Takes the cursor out of a page of reviews. The text is not parsed: the cursor stands last, and an item that looked like
 * it would have its quotes escaped.
 */
function split(text: string | undefined): Pick<ReviewList, 'body' | 'next'> {
  if (text === undefined || text.endsWith(']}')) return { body: text, next: undefined }
  const name = ',"next":"'
  const at = text.lastIndexOf(name)
  return { body: `${text.slice(0, at)}}`, next: text.slice(at + name.length, -'"}'.length) }
}
