import { randomUUID } from 'node:crypto'
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, type DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { EditedMeanwhile, WriteConflict } from './errors.ts'
import { type Review, ratingsOf, toReviewItem } from './review.ts'
import { nextVersion, type ProductItem, productKey, reviewKey } from './table.ts'
import type { Attempt } from './upsert.ts'

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
  db: DynamoDBDocumentClient,
  table: string,
  { id, version }: Pick<ProductItem, 'id' | 'version'>,
  reviews: Review[],
  attempt: Attempt,
): Promise<{ version: number; added: number }> {
  let added = 0
  for (let from = 0; from < reviews.length; from += batchSize) {
    const batch = reviews.slice(from, from + batchSize)
    for (let n = 1; ; n++) {
      const missing = await attempt(() => findMissing(db, table, batch))
      if (missing.length === 0) break
      const request = addition(table, id, version, missing)
      const refused = await attempt(() => commit(db, request))
      if (!refused) {
        version = request.version
        added += missing.length
        break
      }
      if (n === tries) throw new WriteConflict(`Others wrote the product meanwhile, ${tries} times in a row`)
      version = refused.version ?? version
    }
  }
  return { version, added }
}

async function findMissing(db: DynamoDBDocumentClient, table: string, reviews: Review[]): Promise<Review[]> {
  const found = new Set<unknown>()
  let keys: Record<string, unknown>[] = reviews.map(({ productId, id }) => reviewKey(productId, id))
  // What one answer has no room for is asked for again; one that brings nothing at all means: throttled.
  while (keys.length > 0) {
    const { Responses, UnprocessedKeys } = await db.send(
      new BatchGetCommand({
        RequestItems: { [table]: { Keys: keys, ConsistentRead: true, ProjectionExpression: 'sk' } },
      }),
    )
    for (const { sk } of Responses?.[table] ?? []) found.add(sk)
    const left = UnprocessedKeys?.[table]?.Keys ?? []
    if (left.length === keys.length)
      throw Object.assign(new Error('No key was processed'), { name: 'ThrottlingException' })
    keys = left
  }
  return reviews.filter(({ productId, id }) => !found.has(reviewKey(productId, id).sk))
}

interface Addition {
  version: number
  writeId: string
  command: TransactWriteCommand
}

function addition(table: string, id: string, seen: number, reviews: Review[]): Addition {
  const { ratingSum, ratingCount } = ratingsOf(reviews)
  const version = nextVersion(seen)
  const writeId = randomUUID()
  const command = new TransactWriteCommand({
    ClientRequestToken: writeId,
    TransactItems: [
      {
        Update: {
          TableName: table,
          Key: productKey(id),
          UpdateExpression:
            'SET version = :version, writeId = :writeId ADD ratingSum :sum, ratingCount :count',
          ConditionExpression: 'version = :seen',
          ExpressionAttributeValues: {
            ':version': version,
            ':writeId': writeId,
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
    ],
  })
  return { version, writeId, command }
}

/** Undefined on success. Else the product has another version, or one of the reviews is there by now. */
async function commit(
  db: DynamoDBDocumentClient,
  { command, writeId }: Addition,
): Promise<{ version?: number } | undefined> {
  try {
    await db.send(command)
    return undefined
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error
    const [product, ...reviews] = error.CancellationReasons ?? []
    if (product?.Code === 'ConditionalCheckFailed') {
      if (!product.Item) throw new EditedMeanwhile('Somebody else deleted the product meanwhile')
      const rival = unmarshall(product.Item) as ProductItem
      return rival.writeId === writeId ? undefined : { version: rival.version }
    }
    if (reviews.some(({ Code }) => Code === 'ConditionalCheckFailed')) return {}
    throw error
  }
}
