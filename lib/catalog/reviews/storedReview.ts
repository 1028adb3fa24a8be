import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { NoSuchProduct } from '../errors.ts'
import { readItem } from '../product/readProduct.ts'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { productKey, reviewerKey, reviewKey } from '../table/keys.ts'
import type { TransactItems } from '../table/transact.ts'
import { countUnreadable } from '../table/unreadable.ts'
import type { Plain } from '../table/values.ts'
import { isReadableReview } from './readableReview.ts'
import type { ReviewItem, StoredReview } from './review.ts'

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

/**
 * Refuses to change the rating of a product that cannot be read. The rating is changed by an addition, whose condition
 * cannot check the whole item.
 *
 * @throws {StoredProductUnreadable}
 */
export async function refuseUnreadable(access: TableAccess, productId: string): Promise<void> {
  await readItem(access, productId)
}

/**
 * What the table holds of a customer's own review of a product. A customer has at most one, and any number of replies.
 */
export interface OwnReview {
  /** The review that the customer's pointer names. Undefined if there is no pointer. */
  id: string | undefined
  /** Undefined if that review does not exist any more, because it was deleted by hand. */
  item: ReviewItem | undefined
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
  const pointer = await readKey<{ reviewId: string }>(access, reviewerKey(productId, subject))
  if (!pointer) return { id: undefined, item: undefined }
  const item = await readStoredReview(access, productId, pointer.reviewId)
  return { id: pointer.reviewId, item: item?.removed === undefined ? item : undefined }
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
    ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(deleted)',
    ExpressionAttributeValues: { ':one': 1, ':sum': ratingSum, ':count': ratingCount },
  },
})

/** Returns the condition that a review still exists, and still has the rating that was read. */
export const hasRating = ({ rating }: Pick<ReviewItem, 'rating'>) =>
  rating === undefined
    ? {
        ConditionExpression:
          'attribute_exists(pk) AND attribute_not_exists(removed) AND attribute_not_exists(rating)',
      }
    : {
        ConditionExpression: 'rating = :rating AND attribute_not_exists(removed)',
        ExpressionAttributeValues: { ':rating': rating },
      }

/** Throws `error`, or {@link NoSuchProduct} if the product does not exist either. */
export async function throwMissing(access: TableAccess, productId: string, error: Error): Promise<never> {
  throw (await readItem(access, productId)) ? error : new NoSuchProduct(productId)
}

async function readKey<T>(access: TableAccess, key: { pk: string; sk: string }): Promise<T | undefined> {
  const get = new GetCommand({ TableName: access.table, Key: key, ConsistentRead: true })
  const { Item } = await access.db.send(get, requestOptions(access))
  return Item as T | undefined
}
