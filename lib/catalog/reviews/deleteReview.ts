import { randomUUID } from 'node:crypto'
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { NoSuchProduct, NoSuchReview, NotYourReview, UnnamedReviewer, WriteConflict } from '../errors.ts'
import { requestOptions, retryOf, type TableAccess } from '../table/access.ts'
import { deleteInBatches } from '../table/deleteInBatches.ts'
import { reviewerKey, reviewKey } from '../table/keys.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { type RemovedReview, type ReviewItem, ratingsOf, toRemoved } from './review.ts'
import { hashSubject } from './reviewer.ts'
import {
  hasRating,
  readStoredReview,
  refuseUnreadable,
  throwMissing,
  toRatingUpdate,
} from './storedReview.ts'
import { rootOf } from './thread.ts'

const maxAttempts = 10

/** Who removes a review. */
export interface Remover {
  /** The subject of the token. */
  subject?: string | undefined
  /** Whether the reviews of others may be removed too. */
  isModerator: boolean
}

/**
 * Removes a review with its thread, or a reply.
 *
 * - A review: one transaction takes its stars out of the product's rating, raises the version, and replaces the review
 *   by an item that hides the thread. From then on nobody sees the thread, and it takes no reply. Then its replies are
 *   deleted, batch by batch, and at last that item. If the removal was interrupted, the next one finishes it and
 *   succeeds.
 * - A reply: one transaction deletes it and raises the version. The replies to it stay, since others wrote them. They
 *   are shown below the review that started the thread.
 *
 * A review without a subject may come from an import. What is left of it is an item without its text, so that the next
 * import does not bring it back.
 *
 * Requests: a GetItem of the review, one of the product, and a transaction. For a review also a Query of its thread, a
 * transaction per 99 replies, and a put or a deletion.
 *
 * @throws {NoSuchProduct}
 * @throws {StoredProductUnreadable} if the stored product cannot be read
 * @throws {NoSuchReview}
 * @throws {NotYourReview} if another customer wrote it, and the remover is not a moderator
 * @throws {UnnamedReviewer} if the remover is neither named nor a moderator
 * @throws {WriteConflict} if each of ten attempts conflicted with other writes of the same review
 */
export async function deleteReview(
  access: TableAccess,
  productId: string,
  id: string,
  { subject, isModerator }: Remover,
): Promise<void> {
  if (subject === undefined && !isModerator) throw new UnnamedReviewer('sub')
  const author = subject === undefined ? undefined : hashSubject(productId, subject)
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const item = await readStoredReview(access, productId, id)
    const mayRemove = isModerator || (item?.subject !== undefined && item.subject === author)
    if (!item || (item.removed !== undefined && (!mayRemove || item.thread === undefined)))
      return throwMissing(access, productId, new NoSuchReview(id))
    if (!mayRemove) throw new NotYourReview()
    if (item.removed !== undefined) return clearThread(access, item)
    await refuseUnreadable(access, productId)
    const removed = toRemoved(item, randomUUID())
    const isReply = item.parentId !== undefined
    const refused = await transact(
      access,
      isReply ? toReplyDeletion(access, item, removed) : toReviewRemoval(access, item, removed),
    )
    if (!refused) return isReply ? undefined : clearThread(access, removed)
    if (refused[0]?.Code === 'ConditionalCheckFailed') throw new NoSuchProduct(productId)
  }
  throw new WriteConflict(`All ${maxAttempts} attempts to remove the review conflicted with other writers`)
}

/** Returns the items of the transaction that hides a review and its thread. */
function toReviewRemoval(access: TableAccess, item: ReviewItem, removed: RemovedReview): TransactItems {
  const { table } = access
  const { ratingSum, ratingCount } = ratingsOf([item])
  const items: TransactItems = [
    toRatingUpdate(access, item.productId, { ratingSum: -ratingSum, ratingCount: -ratingCount }),
    { Put: { TableName: table, Item: removed, ...hasRating(item) } },
  ]
  // While the review exists, its author's pointer names it.
  if (item.subject !== undefined)
    items.push({ Delete: { TableName: table, Key: reviewerKey(item.productId, item.subject) } })
  return items
}

/** Returns the items of the transaction that deletes a reply. */
function toReplyDeletion(
  access: TableAccess,
  item: ReviewItem,
  { thread: _, ...removed }: RemovedReview,
): TransactItems {
  const { table } = access
  const key = reviewKey(item.productId, item.id)
  return [
    toRatingUpdate(access, item.productId, { ratingSum: 0, ratingCount: 0 }),
    item.subject === undefined
      ? { Put: { TableName: table, Item: removed, ...hasRating(item) } }
      : { Delete: { TableName: table, Key: key, ...hasRating(item) } },
  ]
}

/** Deletes the replies of a removed review, and then what hides them. If they are already deleted, it does nothing. */
async function clearThread(access: TableAccess, removed: RemovedReview): Promise<void> {
  const { thread, ...rest } = removed
  if (thread === undefined) return
  const { db, table } = access
  const key = reviewKey(removed.productId, removed.id)
  // It fails once the removal is finished. An import may then have stored a review with this id for a new product.
  const condition = {
    ConditionExpression: 'writeId = :writeId AND attribute_exists(thread)',
    ExpressionAttributeValues: { ':writeId': removed.writeId },
  }
  await deleteInBatches(
    access,
    { ConditionCheck: { TableName: table, Key: key, ...condition } },
    {
      IndexName: 'byThread',
      KeyConditionExpression: 'pk = :pk AND begins_with(thread, :replies)',
      ExpressionAttributeValues: { ':pk': key.pk, ':replies': `${rootOf(thread)}#` },
    },
  )
  const finish = () =>
    removed.subject === undefined
      ? db.send(new PutCommand({ TableName: table, Item: rest, ...condition }), requestOptions(access))
      : db.send(new DeleteCommand({ TableName: table, Key: key, ...condition }), requestOptions(access))
  try {
    await retryOf(access)<unknown>(finish)
  } catch (error) {
    // Another call has finished the removal.
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}
