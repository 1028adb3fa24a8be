import type { CancellationReason } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { EditedMeanwhile, WriteConflict } from '../errors.ts'
import { attemptOf, type TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { nextVersion, type ProductItem, productKey, reviewKey, type Stored } from '../table/items.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { type Review, ratingsOf, toReviewItem } from './review.ts'

/** A transaction takes 100 items, and the product is one of them. */
export const batchSize = 99

const tries = 10

/**
 * Adds the reviews that a product does not have yet. Each batch is one transaction with the addition to the product's
 * rating, so a review that is stored is always counted, and once.
 *
 * @returns the product's version, which rises with every batch, and the number of reviews that were new
 * @throws {EditedMeanwhile} when the product is deleted meanwhile
 * @throws {WriteConflict} when others wrote the product each time
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
      const missing = await attemptOf(access)(() => findMissing(access, batch))
      if (missing.length === 0) break
      const next = addition(access, id, version, missing)
      const refused = await transact(access, next.items)
      if (!refused) {
        version = next.version
        added += missing.length
        break
      }
      if (n === tries) throw new WriteConflict(`Others wrote the product meanwhile, ${tries} times in a row`)
      version = rivalVersion(refused) ?? version
    }
  }
  return { version, added }
}

async function findMissing(access: TableAccess, reviews: Review[]): Promise<Review[]> {
  const Keys = reviews.map(({ productId, id }) => reviewKey(productId, id))
  const found = await batchGet<{ sk: string }>(access, {
    Keys,
    ConsistentRead: true,
    ProjectionExpression: 'sk',
  })
  const present = new Set(found.map(({ sk }) => sk))
  return reviews.filter(({ productId, id }) => !present.has(reviewKey(productId, id).sk))
}

/** One batch, and the product's version after it. */
function addition({ table }: TableAccess, id: string, seen: number, reviews: Review[]) {
  const { ratingSum, ratingCount } = ratingsOf(reviews)
  const version = nextVersion(seen)
  const items: TransactItems = [
    {
      Update: {
        TableName: table,
        Key: productKey(id),
        // The writeId stays: a writer of the product who is interrupted still finds the own one.
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

/** The version that the product has instead of the one that was seen; undefined where one of the reviews is there by now. */
function rivalVersion([product]: CancellationReason[]): number | undefined {
  if (product?.Code !== 'ConditionalCheckFailed') return undefined
  const rival = product.Item && (unmarshall(product.Item) as Stored)
  if (!rival || rival.deleted) throw new EditedMeanwhile('Somebody else deleted the product meanwhile')
  return rival.version
}
