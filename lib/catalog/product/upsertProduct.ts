import { randomUUID } from 'node:crypto'
import { ConcurrentEdit } from '../errors.ts'
import { addReviews } from '../reviews/addReviews.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import { type Review, ratingsOf, toReviewItem } from '../reviews/review.ts'
import type { TableAccess } from '../table/access.ts'
import {
  hasContent,
  nextVersion,
  type ProductItem,
  toItem,
  toReplacement,
  type UnreadableItem,
} from '../table/items.ts'
import { batchSize, transact } from '../table/transact.ts'
import { mendTombstone } from './mendTombstone.ts'
import type { ProductContent } from './product.ts'
import { type PutResult, putIfVersion, toConditionalPut, toPutResult } from './putIfVersion.ts'
import { retryOnConflict } from './retryOnConflict.ts'

/** A product as an import brings it. */
export interface NewProduct {
  id: string
  content: ProductContent
  /** When the product was created, in ISO 8601, UTC. Ignored if the product exists. @default now */
  createdAt?: string | undefined
  reviews?: Review[]
}

export interface Upserted {
  outcome: 'created' | 'updated' | 'unchanged'
  /** The product's version after the write. */
  version: number
  reviewsAdded: number
}

/**
 * Creates or updates a product, so that it has this content and at least these reviews. Every write is conditional on
 * what was read, so versions only rise. If a call is interrupted, calling it again leads to the same state.
 *
 * It tries to create the product first, since a refused creation returns the stored product: one request is enough to
 * find out that nothing has changed. The transaction that stores a review also adds it to the product's rating.
 *
 * @throws {ConcurrentEdit} if another writer changed the content, or deleted the product, in between
 * @throws {WriteConflict} if every attempt conflicted with writers that did not change the content
 */
export async function upsertProduct(
  access: TableAccess,
  { id, content, createdAt, reviews = [] }: NewProduct,
): Promise<Upserted> {
  const now = new Date().toISOString()
  const firstReviews = reviews.slice(0, batchSize)
  const item = toItem(id, content, {
    ...ratingsOf(firstReviews),
    version: nextVersion(0),
    createdAt: createdAt ?? now,
    updatedAt: now,
    writeId: randomUUID(),
  })
  const found = await createOrFind(access, item, firstReviews)
  const written = found.created
    ? { outcome: 'created' as const, item: found.item }
    : await replaceContent(access, found.item, content)
  const remaining = found.created ? reviews.slice(batchSize) : reviews
  const { version, added } = await addReviews(access, written.item, remaining)
  return {
    outcome: written.outcome === 'unchanged' && added > 0 ? 'updated' : written.outcome,
    version,
    reviewsAdded: added + (found.created ? firstReviews.length : 0),
  }
}

type Created = { created: true; item: ProductItem } | { created: false; item: ProductItem | UnreadableItem }

/**
 * Creates the product with these reviews, over a tombstone if there is one. If the product exists, returns its item.
 */
const createOrFind = (access: TableAccess, item: ProductItem, reviews: Review[]): Promise<Created> =>
  retryOnConflict<Created>(item.id, undefined, async (tombstone) => {
    if (tombstone?.unreadable) return mendTombstone(access, tombstone)
    if (tombstone?.deleted) await clearReviews(access, tombstone)
    const next = tombstone ? { ...item, version: nextVersion(tombstone.version) } : item
    const { written, stored } = await create(access, next, tombstone?.version, reviews)
    if (written) return { done: { created: true, item: stored } }
    const isProduct = stored && !stored.deleted && !(stored.unreadable && stored.isTombstone)
    return isProduct ? { done: { created: false, item: stored } } : { found: stored }
  })

/** Puts the item over this version, together with the reviews. */
async function create(
  access: TableAccess,
  item: ProductItem,
  version: unknown,
  reviews: Review[],
): Promise<PutResult<ProductItem>> {
  if (reviews.length === 0) return putIfVersion(access, item, version)
  const put = { Put: toConditionalPut(access, item, version) }
  // The reviews need no condition: without a product there are no reviews.
  const puts = reviews.map((review) => ({ Put: { TableName: access.table, Item: toReviewItem(review) } }))
  const refused = await transact(access, [put, ...puts])
  return refused ? toPutResult(item, refused[0]?.Item) : { written: true, stored: item }
}

type Replaced = { outcome: 'updated' | 'unchanged'; item: ProductItem }

/**
 * Replaces the content of a stored product. The rest of the item stays, including what others add to it meanwhile. An
 * item that cannot be read is replaced too.
 */
function replaceContent(
  access: TableAccess,
  seen: ProductItem | UnreadableItem,
  content: ProductContent,
): Promise<Replaced> {
  const writeId = randomUUID()
  return retryOnConflict<Replaced>(seen.id, seen, async (current) => {
    if (!current || current.deleted) throw new ConcurrentEdit('Another writer deleted the product')
    if (!current.unreadable && hasContent(current, content))
      return { done: { outcome: 'unchanged', item: current } }
    if (!current.unreadable && (seen.unreadable || !hasContent(current, seen)))
      throw new ConcurrentEdit('Another writer edited the product')
    const item = toReplacement(seen.id, content, current, writeId)
    const { written, stored } = await putIfVersion(access, item, current.version)
    return written ? { done: { outcome: 'updated', item: stored } } : { found: stored }
  })
}
