import { randomUUID } from 'node:crypto'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Attempt, writing } from '../../clients/dynamodb/index.ts'
import { EditedMeanwhile, WriteConflict } from '../errors.ts'
import { addReviews, batchSize } from '../reviews/addReviews.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import { type Review, ratingsOf, toReviewItem } from '../reviews/review.ts'
import { hasContent, nextVersion, type ProductItem, type Tombstone, toItem } from '../table/items.ts'
import { transact } from '../table/transact.ts'
import type { ProductContent } from './product.ts'
import { judge, type Put, putIfVersion, putOver } from './putIfVersion.ts'

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
 * @param attempt runs each request
 * @throws {EditedMeanwhile} when somebody else changed the content, or deleted the product, in between
 * @throws {WriteConflict} when others wrote it each time, without changing its content
 */
export async function upsertProduct(
  db: DynamoDBDocumentClient,
  table: string,
  { id, content, createdAt, reviews = [] }: NewProduct,
  attempt: Attempt = writing(),
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
  const made = await createOrFind(db, table, item, first, attempt)
  const written = made.created
    ? { outcome: 'created' as const, item: made.item }
    : await replaceContent(db, table, made.item, content, attempt)
  const left = made.created ? reviews.slice(batchSize) : reviews
  const { version, added } = await addReviews(db, table, written.item, left, attempt)
  return {
    outcome: written.outcome === 'unchanged' && added > 0 ? 'updated' : written.outcome,
    version,
    reviewsAdded: added + (made.created ? first.length : 0),
  }
}

export interface NewProduct {
  id: string
  content: ProductContent
  /** When the product came into being, for one that does not exist yet; default now. ISO 8601, UTC */
  createdAt?: string | undefined
  reviews?: Review[]
}

const tries = 5

/** Creates the product with these reviews, also where a tombstone lies; or finds the one that is there. */
async function createOrFind(
  db: DynamoDBDocumentClient,
  table: string,
  item: ProductItem,
  reviews: Review[],
  attempt: Attempt,
): Promise<{ created: boolean; item: ProductItem }> {
  let tombstone: Tombstone | undefined
  for (let n = 0; n < tries; n++) {
    const over = tombstone
    if (over) await clearReviews(db, table, over, undefined, attempt)
    const next = over ? { ...item, version: nextVersion(over.version) } : item
    const { written, stored } = await create(db, table, next, over?.version, reviews, attempt)
    if (stored && !stored.deleted) return { created: written, item: stored }
    tombstone = stored
  }
  throw new WriteConflict(`Others created and deleted the product meanwhile, ${tries} times in a row`)
}

/** Puts the item over this version, with these reviews or not at all. */
async function create(
  db: DynamoDBDocumentClient,
  table: string,
  item: ProductItem,
  version: number | undefined,
  reviews: Review[],
  attempt: Attempt,
): Promise<Put<ProductItem>> {
  if (reviews.length === 0) return putIfVersion(db, table, item, version, undefined, attempt)
  const put = { Put: putOver(table, item, version) }
  // Without a condition: where there is no product there are no reviews either.
  const puts = reviews.map((review) => ({ Put: { TableName: table, Item: toReviewItem(review) } }))
  const refused = await transact(db, [put, ...puts], { attempt })
  return refused ? judge(item, refused[0]?.Item) : { written: true, stored: item }
}

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
    const { written, stored } = await putIfVersion(db, table, item, current.version, undefined, attempt)
    if (!stored || stored.deleted) throw new EditedMeanwhile('Somebody else deleted the product meanwhile')
    if (written) return { outcome: 'updated', item: stored }
    current = stored
  }
  throw new WriteConflict(`Others wrote the product meanwhile, ${tries} times in a row`)
}
