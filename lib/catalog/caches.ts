import type { CacheAsideOptions, Committed, Invalidation } from '../cacheAside/index.ts'
import { type Config, readConfig } from '../clients/config.ts'
import { connect } from '../clients/connect.ts'
import { recordCommit } from '../clients/dynamodb/index.ts'
import { observedCache } from '../telemetry/observedCache.ts'
import { type CategoryTree, readCategories, treeId } from './categories/categories.ts'
import { type Listing, readListing } from './listing/listing.ts'
import type { Product } from './product/product.ts'
import { readProducts, readStored, toLoaded } from './product/readProduct.ts'
import { type ProductPage, readProductPage } from './productPage.ts'
import { type ReviewPage, readReviews } from './reviews/readReviews.ts'
import { openCursors } from './table/cursor.ts'

/**
 * Which table and which Redis to use. `cacheTimeoutMs` bounds how long a call waits for Redis; without it, the default of
 * the caches applies.
 */
export type CatalogConfig = Config & Pick<Partial<CacheAsideOptions<unknown>>, 'cacheTimeoutMs'>

export type Caches = ReturnType<typeof openCaches>

/**
 * Opens the table and its caches. This is the only file that knows which kinds of entries exist and which of them show a
 * product. It connects with the first command, not before.
 *
 * The table's name is the prefix of all cache keys, so several stages can share one Redis.
 */
export function openCaches({ cacheTimeoutMs, ...config }: CatalogConfig = readConfig()) {
  const { db, table, redis } = connect(config)
  const shared = { redis, prefix: table, ...(cacheTimeoutMs !== undefined && { cacheTimeoutMs }) }
  const cursors = openCursors({ db, table })
  const products = observedCache<Product>({
    ...shared,
    name: 'product',
    load: async (id, { signal }) => {
      const stored = await readStored({ db, table, signal }, id)
      return stored && toLoaded(stored)
    },
    loadMany: (ids, { signal }) => readProducts({ db, table, signal }, ids),
  })
  /** Product pages: each joined document is one entry. */
  const pages = observedCache<ProductPage>({
    ...shared,
    name: 'page',
    load: async (id, { signal }) => {
      const value = await readProductPage({ db, table, signal }, id)
      return value && { value, version: value.product.version }
    },
  })
  /** The first page of each product's reviews. */
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
  /**
   * Pages of listings, by category, limit and position. An entry holds which products are listed, not the products
   * themselves. No write removes it, since it is read from an index; it expires.
   */
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
  /** The other caches that show a product. A write removes their entries too. */
  const also = [pages, reviews]
  return {
    ...{ db, table, redis, cursors, products, pages, reviews, listings, categories },
    /**
     * Changes a product in the table, then removes every entry that shows it. If `commit` throws and certainly changed
     * nothing, no entry is removed.
     */
    write<C extends Committed<Product>>(
      id: string,
      commit: () => Promise<C>,
    ): Promise<C & { invalidation: Invalidation }> {
      const recorded = recordCommit(commit)
      return products.write(id, recorded.commit, { also, mayHaveCommitted: recorded.mayHaveCommitted })
    },
    /** Removes every entry that shows a product. With a `version`, entries of at least that version stay. */
    remove: (id: string, version?: number): Promise<Invalidation> =>
      products.invalidate(id, { also, ...(version !== undefined && { version }) }),
    /** Disconnects, so that a command can exit. A Lambda function keeps its connections. */
    close() {
      redis.disconnect()
      db.destroy()
    },
  }
}
