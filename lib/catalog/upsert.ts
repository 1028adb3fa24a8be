import { randomUUID } from 'node:crypto'
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { addReviews, batchSize } from './addReviews.ts'
import { EditedMeanwhile, WriteConflict } from './errors.ts'
import type { ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'
import { type Review, ratingsOf, toReviewItem } from './review.ts'
import { hasContent, nextVersion, type ProductItem, toItem } from './table.ts'

/** Runs one request to the database; the place to retry one that may do on another try. */
export type Attempt = <T>(request: () => Promise<T>) => Promise<T>

const once: Attempt = (request) => request()

export interface Upserted {
  outcome: 'created' | 'updated' | 'unchanged'
  /** The version that the product has now. */
  version: number
  reviewsAdded: number
}

/**
 * Makes the stored product say what `content` says, and have at least these reviews. Every write is conditional on
 * what was read, so that versions only rise, and interrupted anywhere and done again it ends in the same state.
 *
 * It first tries to create, since the refusal hands back the product that is there: one request tells that nothing
 * has changed. A review counts in the product's rating in the very transaction that stores it.
 *
 * @param attempt runs each request; a repetition is the same request, which knows its own success
 * @throws {EditedMeanwhile} when somebody else changed the content, or deleted the product, in between
 * @throws {WriteConflict} when others wrote it each time, without changing its content
 */
export async function upsertProduct(
  db: DynamoDBDocumentClient,
  table: string,
  { id, content, createdAt, reviews = [] }: NewProduct,
  attempt: Attempt = once,
): Promise<Upserted> {
  const now = new Date().toISOString()
  const first = reviews.slice(0, batchSize)
  const item = toItem(id, content, {
    ...ratingsOf(first),
    version: nextVersion(0),
    createdAt: createdAt ?? now,
    updatedAt: now,
    writeId: randomUUID(),
  })
  const present = await attempt(() => create(db, table, item, first))
  const written = present
    ? await replaceContent(db, table, present, content, attempt)
    : { outcome: 'created' as const, item }
  const left = present ? reviews : reviews.slice(batchSize)
  const { version, added } = await addReviews(db, table, written.item, left, attempt)
  return {
    outcome: written.outcome === 'unchanged' && added > 0 ? 'updated' : written.outcome,
    version,
    reviewsAdded: added + (present ? 0 : first.length),
  }
}

export interface NewProduct {
  id: string
  content: ProductContent
  /** When the product came into being, for one that does not exist yet; default now. ISO 8601, UTC */
  createdAt?: string | undefined
  reviews?: Review[]
}

/** Undefined when it is created, with these reviews or not at all; else the item that is there. */
async function create(
  db: DynamoDBDocumentClient,
  table: string,
  item: ProductItem,
  reviews: Review[],
): Promise<ProductItem | undefined> {
  if (reviews.length === 0) return (await putIfVersion(db, table, item, undefined))?.rival
  try {
    await db.send(
      new TransactWriteCommand({
        TransactItems: [
          {
            Put: {
              TableName: table,
              Item: item,
              ConditionExpression: 'attribute_not_exists(pk)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
          // Without a condition: what is left of a deleted product's reviews counts in no rating.
          ...reviews.map((review) => ({ Put: { TableName: table, Item: toReviewItem(review) } })),
        ],
      }),
    )
    return undefined
  } catch (error) {
    const stored = error instanceof TransactionCanceledException && error.CancellationReasons?.[0]?.Item
    if (!stored) throw error
    const rival = unmarshall(stored) as ProductItem
    return rival.writeId === item.writeId ? undefined : rival
  }
}

const tries = 5

/** Gives a stored product other content. What else the item holds stays, also what others add meanwhile. */
async function replaceContent(
  db: DynamoDBDocumentClient,
  table: string,
  seen: ProductItem,
  content: ProductContent,
  attempt: Attempt,
): Promise<{ outcome: 'updated' | 'unchanged'; item: ProductItem }> {
  const writeId = randomUUID()
  let current = seen
  for (let n = 0; n < tries; n++) {
    if (hasContent(current, content)) return { outcome: 'unchanged', item: current }
    if (!hasContent(current, seen)) throw new EditedMeanwhile('Somebody else edited the product meanwhile')
    const item = toItem(seen.id, content, {
      ratingSum: current.ratingSum,
      ratingCount: current.ratingCount,
      version: nextVersion(current.version),
      createdAt: current.createdAt,
      updatedAt: new Date().toISOString(),
      writeId,
    })
    const version = current.version
    const refused = await attempt(() => putIfVersion(db, table, item, version))
    if (!refused) return { outcome: 'updated', item }
    if (!refused.rival) throw new EditedMeanwhile('Somebody else deleted the product meanwhile')
    current = refused.rival
  }
  throw new WriteConflict(`Others wrote the product meanwhile, ${tries} times in a row`)
}
