import type { CancellationReason } from '@aws-sdk/client-dynamodb'
import { unmarshallItem } from '../../clients/dynamodb/index.ts'
import { ConcurrentEdit, WriteConflict } from '../errors.ts'
import { readableIn } from '../product/readProduct.ts'
import { retryOf, type TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { nextVersion, type ProductItem } from '../table/items.ts'
import { productKey, reviewKey } from '../table/keys.ts'
import { toStored } from '../table/storedProduct.ts'
import { batchSize, type TransactItems, transact } from '../table/transact.ts'
import { type Review, ratingsOf, toReviewItem } from './review.ts'
import { rootIdOf } from './thread.ts'

const maxAttempts = 10

/**
 * Adds the reviews that a product does not have yet. Each batch is one transaction with the addition to the product's
 * rating, so every stored review is counted exactly once.
 *
 * A removed review stays removed, and with it its replies.
 *
 * @returns the product's version, which rises with every batch, and the number of reviews that were added
 * @throws {ConcurrentEdit} if another writer deletes the product meanwhile
 * @throws {StoredProductUnreadable} if another program changes the product meanwhile so that it cannot be read
 * @throws {WriteConflict} if each of ten attempts conflicted with another writer
 */
export async function addReviews(
  access: TableAccess,
  { id, version }: Pick<ProductItem, 'id' | 'version'>,
  reviews: Review[],
): Promise<{ version: number; added: number }> {
  let added = 0
  for (let from = 0; from < reviews.length; from += batchSize) {
    const batch = reviews.slice(from, from + batchSize)
    for (let n = 1; ; n++) {
      const missing = await retryOf(access)(() => findMissing(access, batch))
      if (missing.length === 0) break
      const addition = toTransaction(access, id, version, missing)
      const refused = await transact(access, addition.items)
      if (!refused) {
        version = addition.version
        added += missing.length
        break
      }
      if (n === maxAttempts)
        throw new WriteConflict(`All ${maxAttempts} attempts to add reviews conflicted with other writers`)
      version = conflictingVersion(refused) ?? version
    }
  }
  return { version, added }
}

/**
 * Returns the reviews that are to be added: those that are not stored, and whose thread was not removed.
 *
 * Reads the reviews that started the threads too. An earlier batch may have stored them, and another caller may have
 * removed them since. A removal raises the version, so a removal after this read refuses the transaction.
 */
async function findMissing(access: TableAccess, reviews: Review[]): Promise<Review[]> {
  const ids = new Set(reviews.flatMap(({ id, thread }) => [id, rootIdOf(thread)]))
  const [productId = ''] = reviews.map((review) => review.productId)
  const keys = [...ids].map((id) => reviewKey(productId, id))
  const present = new Set<string>()
  const removed = new Set<string>()
  for (let from = 0; from < keys.length; from += batchSize) {
    const found = await batchGet<{ sk: string; removed?: unknown }>(access, {
      Keys: keys.slice(from, from + batchSize),
      ConsistentRead: true,
      ProjectionExpression: 'sk, removed',
    })
    for (const { sk, removed: at } of found) (at === undefined ? present : removed).add(sk)
  }
  const skOf = (id: string) => reviewKey(productId, id).sk
  return reviews.filter(
    ({ id, thread }) =>
      !present.has(skOf(id)) && !removed.has(skOf(id)) && !removed.has(skOf(rootIdOf(thread))),
  )
}

/** Returns the items that add a batch of reviews, and the product's version after it. */
function toTransaction({ table }: TableAccess, id: string, seen: number, reviews: Review[]) {
  const { ratingSum, ratingCount } = ratingsOf(reviews)
  const version = nextVersion(seen)
  const items: TransactItems = [
    {
      Update: {
        TableName: table,
        Key: productKey(id),
        // The writeId stays, so that an interrupted writer of the product still finds its own.
        UpdateExpression: 'SET version = :version ADD ratingSum :sum, ratingCount :count',
        ConditionExpression: 'version = :seen',
        ExpressionAttributeValues: {
          ':version': version,
          ':sum': ratingSum,
          ':count': ratingCount,
          ':seen': seen,
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
    ...reviews.map((review) => ({
      Put: {
        TableName: table,
        Item: toReviewItem(review),
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    })),
  ]
  return { version, items }
}

/**
 * Returns the version that another writer gave the product. Returns undefined if the product did not change, and the
 * conflict is that one of the reviews has been stored meanwhile.
 */
function conflictingVersion([product]: CancellationReason[]): number | undefined {
  if (product?.Code !== 'ConditionalCheckFailed') return undefined
  const stored = readableIn(product.Item && toStored(unmarshallItem(product.Item)))
  if (!stored) throw new ConcurrentEdit('Another writer deleted the product')
  return stored.version
}
