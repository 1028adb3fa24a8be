import { randomUUID } from 'node:crypto'
import { NoSuchProduct, WriteConflict } from '../errors.ts'
import type { TableAccess } from '../table/access.ts'
import { type KeyedWrite, type Made, readMark, toMarkPut } from '../table/mark.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { type ReviewDraft, type ReviewItem, toReviewItem } from './review.ts'
import { type ReviewThread, toLeaf } from './reviewTree.ts'
import type { ThreadPlace } from './thread.ts'

/** How often a post is tried if it conflicts with other writes. */
export const maxAttempts = 10

export interface PostedReview {
  review: ReviewThread
  /** False if the review replaced an earlier one of its author. */
  created: boolean
}

/** A review that is to be stored. */
export interface Post {
  productId: string
  draft: ReviewDraft
  /** The hash of the author's subject. */
  subject: string | undefined
  keyed: KeyedWrite | undefined
}

/**
 * Writes the items of a transaction, and the mark of a keyed write.
 *
 * @param items the first one is the product
 * @returns the posted review, also if an earlier attempt stored it; otherwise which of the items failed their condition
 */
export async function store(
  access: TableAccess,
  { productId, draft, keyed }: Post,
  item: ReviewItem,
  items: TransactItems,
  created: boolean,
): Promise<{ posted?: PostedReview; failed: boolean[] }> {
  const { id: reviewId, createdAt } = item
  const mark = keyed ? [toMarkPut(access, keyed, { productId, reviewId, createdAt, created })] : []
  const refused = await transact(access, [...items, ...mark])
  if (!refused) return { posted: { review: toLeaf(item), created }, failed: [] }
  const made = await readMark(access, keyed)
  if (made) return { posted: toPosted(productId, draft, made), failed: [] }
  const failed = items.map((_, n) => refused[n]?.Code === 'ConditionalCheckFailed')
  if (failed[0]) throw new NoSuchProduct(productId)
  return { failed }
}

export const conflict = () =>
  new WriteConflict(`All ${maxAttempts} attempts to post the review conflicted with other writers`)

/** Returns what an earlier attempt of the same write returned. */
export function toPosted(
  productId: string,
  draft: ReviewDraft,
  { reviewId = '', createdAt = '', created = true }: Made,
): PostedReview {
  // The review may have been replaced or removed since. Its text then was this draft, since the mark is for this draft.
  const review = { ...draft, id: reviewId, productId, createdAt }
  return { review: toLeaf(review), created }
}

/** Makes the item of a post. */
export function toNewItem(
  { productId, draft: { subject: _, ...content }, subject }: Post,
  named: { id: string; createdAt: string },
  place: ThreadPlace,
): ReviewItem {
  return toReviewItem({ ...content, ...named, productId, ...place }, { subject, writeId: randomUUID() })
}

/** Returns the put of a new review or reply. */
export const toPut = ({ table }: TableAccess, item: ReviewItem): TransactItems[number] => ({
  Put: { TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(pk)' },
})
