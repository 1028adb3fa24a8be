import type { CacheAsideOptions, Invalidation } from '../cacheAside/index.ts'
import { type Config, readConfig } from '../clients/config.ts'
import { connect } from '../clients/connect.ts'
import { recordCommit } from '../clients/dynamodb/index.ts'
import { observedCache } from '../telemetry/observedCache.ts'
import { type CategoryTree, readCategories, treeId } from './categories/categories.ts'
import { entrySchema } from './entrySchema.ts'
import { type Listing, readListing } from './listing/listing.ts'
import type { Product } from './product/product.ts'
import {
  nullIfUnreadable,
  readProducts,
  readStored,
  toLoaded,
  unreadableBody,
} from './product/readProduct.ts'
import { type ProductPage, readProductPage } from './productPage.ts'
import {
  parseReviewPageId,
  type ReviewPage,
  readReviewPage,
  readReviews,
  reviewPageTtlMs,
  unreadableTtlMs,
} from './reviews/readReviews.ts'
import { openCursors } from './table/cursor.ts'

/**
 * Which table and which Redis to use. `cacheTimeoutMs` bounds how long a call waits for Redis; without it, the default
 * of the caches applies.
 */
export type CatalogConfig = Config & Pick<Partial<CacheAsideOptions<unknown>>, 'cacheTimeoutMs'>

export type Caches = ReturnType<typeof openCaches>

/**
 * How long a load may take, in ms. A load that reads another cache gives it this budget. Without one, it would wait for
 * a load of another process until its own time has run out, and go on afterwards.
 */
const loadTimeoutMs = 2_500

/**
 * Opens the table and its caches. This file states which caches exist, and from which of them a write removes entries.
 * entryKinds.ts describes the kinds of entries that show a product, for audits and warm-ups. The function
 * connects with the first command, not before.
 *
 * The table's name is the prefix of all cache keys, so several stages can share one Redis.
 */
export function openCaches({ cacheTimeoutMs, ...config }: CatalogConfig = readConfig()) {
  const { db, table, redis } = connect(config)
  const shared = {
    ...{ redis, prefix: table, loadTimeoutMs },
    ...(cacheTimeoutMs !== undefined && { cacheTimeoutMs }),
  }
  const cursors = openCursors({ db, table })
  // Each cache that shows a product holds null for a product that cannot be read: see nullIfUnreadable.
  const showing = { ...shared, schema: entrySchema }
  const products = observedCache<Product | null>({
    ...showing,
    name: 'product',
    load: async (id, { signal }) => {
      const stored = await readStored({ db, table, signal }, id)
      return stored && toLoaded(stored)
    },
    loadMany: (ids, { signal }) => readProducts({ db, table, signal }, ids),
  })
  /** Product pages: each joined document is one entry. */
  const pages = observedCache<ProductPage | null>({
    ...showing,
    name: 'page',
    load: (id, { signal }) =>
      nullIfUnreadable(async () => {
        const value = await readProductPage({ db, table, signal }, id)
        return value && { value, version: value.product.version }
      }),
  })
  /** The first page of each product's reviews. */
  const reviews = observedCache<ReviewPage | null>({
    ...showing,
    name: 'reviews',
    load: (id, { signal }) => nullIfUnreadable(() => readReviews({ db, table, signal }, cursors, id)),
  })
  /**
   * The further pages of each product's reviews, by product and position. Their ids are their own, so they are in other
   * hash slots than the product, and no write removes them; they expire. `until` makes that the public staleness too: a
   * CDN keeps a page for no longer than it has left.
   */
  const reviewPages = observedCache<ReviewPage | null>({
    ...showing,
    name: 'review-page',
    ttl: reviewPageTtlMs,
    async load(id, { signal }) {
      const until = Date.now() + reviewPageTtlMs
      const { productId, after } = parseReviewPageId(id)
      const { body: product } = await products.get(productId, { budgetMs: loadTimeoutMs })
      if (product === undefined) return undefined
      // A PUT removes the entry of the product, but not this one.
      if (product === unreadableBody) return { value: null, version: 1, until: Date.now() + unreadableTtlMs }
      const value = await readReviewPage({ db, table, signal }, cursors, productId, {
        after,
        consistent: false,
      })
      return { value, version: 1, until }
    },
  })
  const categories = observedCache<CategoryTree>({
    ...shared,
    name: 'categories',
    ttl: 15_000,
    staleWhileRevalidate: 600_000,
    load: async (_id, { signal }) => ({ value: await readCategories({ db, table, signal }), version: 1 }),
  })
  /**
   * Chunks of listings, by category and position. An entry holds which products are listed, not the products
   * themselves. No write removes it, since it is read from an index; it expires.
   */
  const listings = observedCache<Listing>({
    ...shared,
    name: 'listing',
    ttl: 15_000,
    staleWhileRevalidate: 60_000,
    load: async (id, { signal }) => {
      const { value: tree = { items: [] } } = await categories.get(treeId, { budgetMs: loadTimeoutMs })
      return { value: await readListing({ db, table, signal }, id, tree), version: 1 }
    },
  })
  /** The other caches that show a product. A write removes their entries too. */
  const also = [pages, reviews]
  return {
    ...{ db, table, redis, cursors, products, pages, reviews, reviewPages, listings, categories },
    /**
     * Changes a product in the table, then removes every entry that shows it. If `commit` throws and certainly changed
     * nothing, no entry is removed.
     */
    write<T extends object>(
      id: string,
      commit: () => Promise<T>,
    ): Promise<T & { invalidation: Invalidation }> {
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
