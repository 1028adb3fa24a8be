import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { readItem } from '../product/readProduct.ts'
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
 * @param options.cursor `next` of the page before
 * @throws {InvalidCursor} for one that was not made for this product's reviews; and what the SDK throws
 */
export async function readReviews(
  db: DynamoDBDocumentClient,
  table: string,
  cursors: Cursors,
  id: string,
  { cursor, signal }: { cursor?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<{ value: ReviewPage; version: number } | undefined> {
  const scope = `reviews:${id}`
  const after = cursor === undefined ? undefined : await cursors.read(scope, cursor, signal)
  const product = await readItem(db, table, id, signal)
  if (!product) return undefined
  const { threads, last } = await readThreads(db, table, id, { count: threadsPerPage, after, signal })
  const value: ReviewPage = { items: threads }
  if (last !== undefined) value.next = await cursors.sign(scope, last, signal)
  return { value, version: product.version }
}
