import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { NoSuchProduct } from '../errors.ts'
import { readItem } from '../product/readProduct.ts'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { productKey, reviewerKey, reviewKey } from '../table/keys.ts'
import type { TransactItems } from '../table/transact.ts'
import { countUnreadable } from '../table/unreadable.ts'
import { isNumber, isText, isTime, type Plain } from '../table/values.ts'
import { isReadableReview } from './readableReview.ts'
import { type RemovedReview, type ReviewItem, ratingsOf, type StoredReview } from './review.ts'
import { placeOfRoot, rootIdOf } from './thread.ts'

/**
 * What a removal and a replacement know of a stored review. If another program wrote the item so that it cannot be read,
 * this is what can be told of it. The ids are those of the key.
 */
export interface KnownReview
  extends Pick<ReviewItem, 'pk' | 'sk' | 'id' | 'productId' | 'createdAt' | 'thread' | 'rating' | 'subject'> {
  /** Whether the product's rating counts the review. It does not count what another program put or copied. */
  isCounted: boolean
  removed?: never
}

/** Reads the item at a review's key with a strongly consistent read. An item that cannot be read counts as missing. */
export async function readStoredReview(
  access: TableAccess,
  productId: string,
  id: string,
): Promise<StoredReview | undefined> {
  const item = await readKey<Plain>(access, reviewKey(productId, id))
  if (!item || isReadableReview(item)) return item
  countUnreadable('REVIEW')
  return undefined
}

/** Reads what is known of a review with a strongly consistent read, whether or not its item can be read. */
export async function readKnownReview(
  access: TableAccess,
  productId: string,
  id: string,
): Promise<KnownReview | RemovedReview | undefined> {
  const item = await readKey<Plain>(access, reviewKey(productId, id))
  if (!item) return undefined
  if (!isReadableReview(item)) countUnreadable('REVIEW')
  else if (item.removed !== undefined) return item
  return toKnown(productId, id, item)
}

function toKnown(productId: string, id: string, item: Plain): KnownReview {
  const { rating, subject, versioned, parentId } = item
  const thread = isText(item.thread) && rootIdOf(item.thread) !== '' ? item.thread : undefined
  const createdAt = [item.createdAt, thread?.split('#')[0]].find(isTime) ?? new Date().toISOString()
  return {
    ...reviewKey(productId, id),
    id,
    productId,
    createdAt,
    thread: thread ?? (isText(parentId) ? '' : placeOfRoot({ id, createdAt }).thread),
    rating: isNumber(rating) ? rating : undefined,
    subject: isText(subject) ? subject : undefined,
    isCounted: versioned === id,
  }
}

/** Returns what a review contributes to its product's rating. */
export const countedRating = (review: KnownReview) => ratingsOf(review.isCounted ? [review] : [])

/**
 * What the table holds of a customer's own review of a product. A customer has at most one, and any number of replies.
 */
export interface OwnReview {
  /** The review that the customer's pointer names. Undefined if there is no pointer. */
  id: string | undefined
  /** Undefined if that review does not exist any more, because it was deleted by hand. It may be unreadable. */
  item: KnownReview | undefined
}

/**
 * Reads a customer's own review of a product with strongly consistent reads: the pointer, then the review that it
 * names.
 *
 * @param subject its hash
 */
export async function readOwnReview(
  access: TableAccess,
  productId: string,
  subject: string,
): Promise<OwnReview> {
  const id = await readPointer(access, productId, subject)
  const item = id === undefined ? undefined : await readKnownReview(access, productId, id)
  return { id, item: item?.removed === undefined ? item : undefined }
}

/** Reads the id of a customer's own review with a strongly consistent read. @param subject its hash */
export async function readPointer(
  access: TableAccess,
  productId: string,
  subject: string,
): Promise<string | undefined> {
  const pointer = await readKey<{ reviewId: string }>(access, reviewerKey(productId, subject))
  return pointer?.reviewId
}

/**
 * Returns the update that adds to a product's rating and raises its version, whatever the version is. Its condition
 * fails if there is no such product.
 */
export const toRatingUpdate = (
  { table }: TableAccess,
  productId: string,
  { ratingSum, ratingCount }: { ratingSum: number; ratingCount: number },
): TransactItems[number] => ({
  Update: {
    TableName: table,
    Key: productKey(productId),
    UpdateExpression: 'SET version = version + :one ADD ratingSum :sum, ratingCount :count',
    // Another program may have stored `NULL` as `deleted`, which counts as missing where products are read.
    ConditionExpression:
      'attribute_exists(pk) AND (attribute_not_exists(deleted) OR attribute_type(deleted, :null))',
    ExpressionAttributeValues: { ':one': 1, ':sum': ratingSum, ':count': ratingCount, ':null': 'NULL' },
  },
})

/** Returns the condition that a review still exists, and still contributes to the rating what was read. */
export const hasContribution = ({ id, rating, isCounted }: KnownReview) => ({
  ConditionExpression: [
    // Whether the rating is a number decides, because another program may have written a text.
    rating === undefined
      ? 'attribute_exists(pk) AND NOT attribute_type(rating, :number)'
      : 'rating = :rating',
    isCounted ? 'versioned = :id' : 'NOT versioned = :id',
    'NOT attribute_type(removed, :text)',
  ].join(' AND '),
  ExpressionAttributeValues: {
    ...(rating === undefined ? { ':number': 'N' } : { ':rating': rating }),
    ':id': id,
    ':text': 'S',
  },
})

/** Throws `error`, or {@link NoSuchProduct} if the product does not exist either. */
export async function throwMissing(access: TableAccess, productId: string, error: Error): Promise<never> {
  throw (await readItem(access, productId)) ? error : new NoSuchProduct(productId)
}

async function readKey<T>(access: TableAccess, key: { pk: string; sk: string }): Promise<T | undefined> {
  const get = new GetCommand({ TableName: access.table, Key: key, ConsistentRead: true })
  const { Item } = await access.db.send(get, requestOptions(access))
  return Item as T | undefined
}
