import { randomUUID } from 'node:crypto'
import { EditedMeanwhile } from '../errors.ts'
import { addReviews, batchSize } from '../reviews/addReviews.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import { type Review, ratingsOf, toReviewItem } from '../reviews/review.ts'
import type { TableAccess } from '../table/access.ts'
import { hasContent, nextVersion, type ProductItem, replacement, toItem } from '../table/items.ts'
import { transact } from '../table/transact.ts'
import { onWhatStands } from './onWhatStands.ts'
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
 * @throws {EditedMeanwhile} when somebody else changed the content, or deleted the product, in between
 * @throws {WriteConflict} when others wrote it each time, without changing its content
 */
export async function upsertProduct(
  access: TableAccess,
  { id, content, createdAt, reviews = [] }: NewProduct,
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
  const made = await createOrFind(access, item, first)
  const written = made.created
    ? { outcome: 'created' as const, item: made.item }
    : await replaceContent(access, made.item, content)
  const left = made.created ? reviews.slice(batchSize) : reviews
  const { version, added } = await addReviews(access, written.item, left)
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

/** Creates the product with these reviews, also where a tombstone lies; or finds the one that is there. */
const createOrFind = (
  access: TableAccess,
  item: ProductItem,
  reviews: Review[],
): Promise<{ created: boolean; item: ProductItem }> =>
  onWhatStands(item.id, undefined, async (tombstone) => {
    if (tombstone?.deleted) await clearReviews(access, tombstone)
    const next = tombstone ? { ...item, version: nextVersion(tombstone.version) } : item
    const { written, stored } = await create(access, next, tombstone?.version, reviews)
    return stored && !stored.deleted ? { done: { created: written, item: stored } } : { found: stored }
  })

/** Puts the item over this version, with these reviews or not at all. */
async function create(
  access: TableAccess,
  item: ProductItem,
  version: number | undefined,
  reviews: Review[],
): Promise<Put<ProductItem>> {
  if (reviews.length === 0) return putIfVersion(access, item, version)
  const put = { Put: putOver(access, item, version) }
  // Without a condition: where there is no product there are no reviews either.
  const puts = reviews.map((review) => ({ Put: { TableName: access.table, Item: toReviewItem(review) } }))
  const refused = await transact(access, [put, ...puts])
  return refused ? judge(item, refused[0]?.Item) : { written: true, stored: item }
}

type Replaced = { outcome: 'updated' | 'unchanged'; item: ProductItem }

/** Gives a stored product other content. What else the item holds stays, also what others add meanwhile. */
function replaceContent(access: TableAccess, seen: ProductItem, content: ProductContent): Promise<Replaced> {
  const writeId = randomUUID()
  return onWhatStands<Replaced>(seen.id, seen, async (current) => {
    if (!current || current.deleted) throw new EditedMeanwhile('Somebody else deleted the product meanwhile')
    if (hasContent(current, content)) return { done: { outcome: 'unchanged', item: current } }
    if (!hasContent(current, seen)) throw new EditedMeanwhile('Somebody else edited the product meanwhile')
    const item = replacement(seen.id, content, current, writeId)
    const { written, stored } = await putIfVersion(access, item, current.version)
    return written ? { done: { outcome: 'updated', item: stored } } : { found: stored }
  })
}
