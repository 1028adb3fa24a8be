import { randomUUID } from 'node:crypto'
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { NoSuchProduct, NoSuchReview, NotYourReview, UnnamedReviewer, WriteConflict } from '../errors.ts'
import { readItem } from '../product/readProduct.ts'
import { requestOptions, retryOf, type TableAccess } from '../table/access.ts'
import { deleteInBatches } from '../table/deleteInBatches.ts'
import { reviewerKey, reviewKey } from '../table/keys.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { type RemovedReview, toRemoved } from './review.ts'
import { hashSubject } from './reviewer.ts'
import {
  countedRating,
  hasContribution,
  type KnownReview,
  readKnownReview,
  readPointer,
  throwMissing,
  toRatingUpdate,
} from './storedReview.ts'
import { rootIdOf, rootOf } from './thread.ts'

const maxAttempts = 10

/** Who removes a review. */
export interface Remover {
  /** The subject of the token. */
  subject?: string | undefined
  /** Whether the reviews of others may be removed too. */
  isModerator: boolean
}

/**
 * Removes a review or a reply.
 *
 * - A review: one transaction takes its stars out of the product's rating, raises the version, and replaces the review
 *   by an item that hides the thread. From then on nobody sees the thread, and it takes no reply. The caller then has
 *   {@link clearThread} delete its replies. If the removal was interrupted before that, the next one finishes it.
 * - A reply: one transaction deletes it and raises the version. The replies to it stay, since others wrote them. They
 *   are shown below the review that started the thread.
 *
 * A review without a subject may come from an import. What is left of it is an item without its text, so that the next
 * import does not bring it back. A review that another program put or copied was never counted, so its stars are not
 * taken out. One that cannot be read is removed too.
 *
 * Requests: a GetItem of the review, one of the product, for a customer's review one of the pointer, and a transaction.
 *
 * @returns what hides the thread, whose replies are still to be deleted. Undefined for a reply
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
): Promise<{ hidden?: RemovedReview }> {
  if (subject === undefined && !isModerator) throw new UnnamedReviewer('sub')
  const author = subject === undefined ? undefined : hashSubject(productId, subject)
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const item = await readKnownReview(access, productId, id)
    const mayRemove = isModerator || (item?.subject !== undefined && item.subject === author)
    if (!item || (item.removed !== undefined && (!mayRemove || item.thread === undefined)))
      return throwMissing(access, productId, new NoSuchReview(id))
    if (!mayRemove) throw new NotYourReview()
    if (item.removed !== undefined) return { hidden: item }
    // The rating is changed by an addition, whose condition cannot check the whole item. An unreadable one is refused.
    await readItem(access, productId)
    const removed = toRemoved(item, randomUUID())
    const isReply = rootIdOf(item.thread) !== id
    const refused = await transact(access, [
      toRatingUpdate(access, productId, negate(countedRating(item))),
      isReply ? toReplyRemoval(access, item, removed) : toThreadRemoval(access, item, removed),
      ...(isReply ? [] : await toPointerDeletion(access, item)),
    ])
    if (!refused) return isReply ? {} : { hidden: removed }
    if (refused[0]?.Code === 'ConditionalCheckFailed') throw new NoSuchProduct(productId)
  }
  throw new WriteConflict(`All ${maxAttempts} attempts to remove the review conflicted with other writers`)
}

const negate = ({ ratingSum, ratingCount }: ReturnType<typeof countedRating>) => ({
  ratingSum: -ratingSum,
  ratingCount: -ratingCount,
})

/** Returns the put that hides a review and its thread. */
const toThreadRemoval = ({ table }: TableAccess, item: KnownReview, removed: RemovedReview) => ({
  Put: { TableName: table, Item: removed, ...hasContribution(item) },
})

/** Returns the deletion of a reply. What may come from an import leaves an item without a place. */
const toReplyRemoval = (
  { table }: TableAccess,
  item: KnownReview,
  { thread: _, ...left }: RemovedReview,
): TransactItems[number] =>
  item.subject === undefined
    ? { Put: { TableName: table, Item: left, ...hasContribution(item) } }
    : {
        Delete: { TableName: table, Key: reviewKey(item.productId, item.id), ...hasContribution(item) },
      }

/** Returns the deletion of the author's pointer, if it names this review. That of a copy names the original. */
async function toPointerDeletion(
  access: TableAccess,
  { productId, id, subject }: KnownReview,
): Promise<TransactItems> {
  if (subject === undefined || (await readPointer(access, productId, subject)) !== id) return []
  const deletion = {
    TableName: access.table,
    Key: reviewerKey(productId, subject),
    ConditionExpression: 'reviewId = :id',
    ExpressionAttributeValues: { ':id': id },
  }
  return [{ Delete: deletion }]
}

/**
 * Deletes the replies of a removed review, and then what hides them. If they are already deleted, it does nothing. It
 * changes nothing that a read shows.
 *
 * Requests: a Query of the thread, a transaction per 99 replies, and a put or a deletion.
 *
 * @throws what the SDK throws
 */
export async function clearThread(access: TableAccess, removed: RemovedReview): Promise<void> {
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
