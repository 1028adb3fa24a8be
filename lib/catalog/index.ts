import type { CacheAsideOptions } from '../cacheAside/index.ts'
import type { Config } from '../clients/config.ts'
import { connectDynamoDB } from '../clients/dynamodb/connect.ts'
import { connectCache } from '../clients/redis/connect.ts'
import { observedCache } from '../telemetry/observedCache.ts'
import { type CategoryTree, readCategories, treeId } from './categories/categories.ts'
import { type Listing, readListing } from './listing/listing.ts'
import { openTopProducts } from './mostRead.ts'
import { type Page, readPage } from './page.ts'
import type { Product } from './product/product.ts'
import { readProducts, readStored, versioned } from './product/readProduct.ts'
import { type ReviewPage, readReviews } from './reviews/readReviews.ts'
import { openCursors } from './table/cursor.ts'

/**
 * The catalog: its table, and the caches beside it. Nothing connects before the first command.
 *
 * The table's name is the prefix of the caches' keys, so that stages may share a Redis. How long Redis is waited for is
 * the caches' own default, unless the caller has more patience than somebody who looks at a page.
 */
export function openCatalog({
  table,
  redisUrl,
  redisIam,
  dynamodbEndpoint,
  cacheTimeoutMs,
}: Config & Pick<Partial<CacheAsideOptions<unknown>>, 'cacheTimeoutMs'>) {
  const db = connectDynamoDB(dynamodbEndpoint)
  const iam = redisIam ? { cache: redisIam, credentials: db.config.credentials } : undefined
  const redis = connectCache(redisUrl, iam)
  const shared = { redis, prefix: table, ...(cacheTimeoutMs !== undefined && { cacheTimeoutMs }) }
  const cursors = openCursors(db, table)
  const products = observedCache<Product>({
    ...shared,
    name: 'product',
    load: async (id, { signal }) => {
      const stored = await readStored(db, table, id, signal)
      return stored && versioned(stored)
    },
    loadMany: (ids, { signal }) => readProducts(db, table, ids, signal),
  })
  const pages = observedCache<Page>({
    ...shared,
    name: 'page',
    load: async (id, { signal }) => {
      const value = await readPage(db, table, id, signal)
      return value && { value, version: value.product.version }
    },
  })
  /** The first page of a product's reviews. */
  const reviews = observedCache<ReviewPage>({
    ...shared,
    name: 'reviews',
    load: (id, { signal }) => readReviews(db, table, cursors, id, { signal }),
  })
  const categories = observedCache<CategoryTree>({
    ...shared,
    name: 'categories',
    ttl: 15_000,
    staleWhileRevalidate: 600_000,
    load: async (_id, { signal }) => ({ value: await readCategories(db, table, signal), version: 1 }),
  })
  /** By category, limit and position: which products, not what they say. From an index, so fresh only by its life. */
  const listings = observedCache<Listing>({
    ...shared,
    name: 'listing',
    ttl: 15_000,
    staleWhileRevalidate: 60_000,
    load: async (id, { signal }) => {
      const { value: tree = { items: [] } } = await categories.get(treeId)
      return { value: await readListing(db, table, id, tree, signal), version: 1 }
    },
  })
  return {
    db,
    table,
    redis,
    cursors,
    products,
    pages,
    reviews,
    listings,
    categories,
    topProducts: openTopProducts(redis, table),
    /** What a write of a product removes beside its own entry. */
    also: [pages, reviews],
    /** For commands that are to end: a Lambda keeps its connections. */
    close() {
      redis.disconnect()
      db.destroy()
    },
  }
}
