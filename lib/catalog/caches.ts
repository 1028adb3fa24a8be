import type { CacheAsideOptions, Committed, Invalidation } from '../cacheAside/index.ts'
import { type Config, fromEnvironment } from '../clients/config.ts'
import { connect } from '../clients/connect.ts'
import { recordCommit } from '../clients/dynamodb/index.ts'
import { observedCache } from '../telemetry/observedCache.ts'
import { type CategoryTree, readCategories, treeId } from './categories/categories.ts'
import { type Listing, readListing } from './listing/listing.ts'
import { type Page, readPage } from './page.ts'
import type { Product } from './product/product.ts'
import { readProducts, readStored, versioned } from './product/readProduct.ts'
import { type ReviewPage, readReviews } from './reviews/readReviews.ts'
import { openCursors } from './table/cursor.ts'

/** Where the catalogue lies, and how long Redis is waited for, where that is not the caches' own default. */
export type CatalogConfig = Config & Pick<Partial<CacheAsideOptions<unknown>>, 'cacheTimeoutMs'>

export type Caches = ReturnType<typeof openCaches>

/**
 * The table and the caches beside it. Here alone it is known which kinds of entries there are, and which of them show a
 * product. Nothing connects before the first command.
 *
 * The table's name is the prefix of the caches' keys, so that stages may share a Redis.
 */
export function openCaches({ cacheTimeoutMs, ...config }: CatalogConfig = fromEnvironment()) {
  const { db, table, redis } = connect(config)
  const shared = { redis, prefix: table, ...(cacheTimeoutMs !== undefined && { cacheTimeoutMs }) }
  const cursors = openCursors({ db, table })
  const products = observedCache<Product>({
    ...shared,
    name: 'product',
    load: async (id, { signal }) => {
      const stored = await readStored({ db, table, signal }, id)
      return stored && versioned(stored)
    },
    loadMany: (ids, { signal }) => readProducts({ db, table, signal }, ids),
  })
  const pages = observedCache<Page>({
    ...shared,
    name: 'page',
    load: async (id, { signal }) => {
      const value = await readPage({ db, table, signal }, id)
      return value && { value, version: value.product.version }
    },
  })
  /** The first page of a product's reviews. */
  const reviews = observedCache<ReviewPage>({
    ...shared,
    name: 'reviews',
    load: (id, { signal }) => readReviews({ db, table, signal }, cursors, id),
  })
  const categories = observedCache<CategoryTree>({
    ...shared,
    name: 'categories',
    ttl: 15_000,
    staleWhileRevalidate: 600_000,
    load: async (_id, { signal }) => ({ value: await readCategories({ db, table, signal }), version: 1 }),
  })
  /** By category, limit and position: which products, not what they say. From an index, so fresh only by its life. */
  const listings = observedCache<Listing>({
    ...shared,
    name: 'listing',
    ttl: 15_000,
    staleWhileRevalidate: 60_000,
    load: async (id, { signal }) => {
      const { value: tree = { items: [] } } = await categories.get(treeId)
      return { value: await readListing({ db, table, signal }, id, tree), version: 1 }
    },
  })
  /** What shows a product beside its own entry. */
  const also = [pages, reviews]
  return {
    ...{ db, table, redis, cursors, products, pages, reviews, listings, categories },
    /**
     * Changes a product in the table, then removes every entry that shows it; what DynamoDB has refused for certain
     * removes nothing.
     */
    write<C extends Committed<Product>>(
      id: string,
      commit: () => Promise<C>,
    ): Promise<C & { invalidation: Invalidation }> {
      const recorded = recordCommit(commit)
      return products.write(id, recorded.commit, { also, mayHaveCommitted: recorded.mayHaveCommitted })
    },
    /** Removes every entry that shows a product; with a version those that are at least as new stay. */
    remove: (id: string, version?: number): Promise<Invalidation> =>
      products.invalidate(id, { also, ...(version !== undefined && { version }) }),
    /** For commands that are to end: a Lambda keeps its connections. */
    close() {
      redis.disconnect()
      db.destroy()
    },
  }
}
