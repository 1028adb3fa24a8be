import type { CacheResult } from '../cacheAside/index.ts'
import { type CatalogConfig, openCaches } from './caches.ts'
import { type CategoryTree, treeId } from './categories/categories.ts'
import { type ListingPage, type ListingRequest, listProducts } from './listing/listProducts.ts'
import { openMostRead } from './mostRead.ts'
import type { Product } from './product/product.ts'
import type { ProductPage } from './productPage.ts'
import { type ReviewList, readReviewList } from './reviews/readReviewList.ts'

export type { CategoryNode, CategoryTree } from './categories/categories.ts'
export { categoryGrammar, categoryPath, isCategory } from './categories/category.ts'
export * from './errors.ts'
export { maxCategories } from './listing/listing.ts'
export type { ListingPage } from './listing/listProducts.ts'
export type { Card } from './product/card.ts'
export { isProductId, productIdGrammar } from './product/id.ts'
export { availabilityOf, lowStock, type Offer, type Offers } from './product/offers.ts'
export type { Precondition } from './product/precondition.ts'
export type { Product } from './product/product.ts'
export { unreadableBody } from './product/readProduct.ts'
export { productShape } from './product/shape.ts'
export type { ProductPage } from './productPage.ts'
export type { ReviewThread } from './reviews/reviewTree.ts'

/** How much of the caller's time is left. It bounds all waiting and loading of a read. */
export interface Budget {
  /** Milliseconds. */
  budgetMs?: number
}

/** The limits of a read that may bypass the caches. */
export interface Limits extends Budget {
  /** Aborts the read. */
  signal?: AbortSignal | undefined
}

export type Catalog = ReturnType<typeof openCatalog>

/**
 * Opens the catalogue for reading. This is one of the three entry points of lib/catalog: ./writes.ts changes products,
 * and ./upkeep.ts is for the stream, scheduled jobs and operators.
 *
 * Each read answers from the cache, or on a miss from the table. A read of a product or a product page also counts
 * towards the most-read list. The catalogue connects with the first read, not before.
 *
 * Every read throws {@link LoadFailed} if the table could not be read, and {@link Overloaded} if too many loads are
 * already running. A product that does not exist is not an error: its `value` and `body` are undefined. Nor is a
 * product that another program stored so that it cannot be read: its `value` is null, and its `body` is {@link
 * unreadableBody}.
 *
 * @example
 * ```ts
 * const catalog = openCatalog()
 * const { value: product, status } = await catalog.getProduct('1', { budgetMs: 1_000 })
 * ```
 *
 * @param config the default is read from the environment
 * @throws {Error} if an environment variable is missing; the message names it
 */
export function openCatalog(config?: CatalogConfig) {
  const caches = openCaches(config)
  const mostRead = openMostRead(caches.redis, caches.table)
  /**
   * Reads many products. The results are in the order of `ids`. If one product cannot be loaded, its error is thrown,
   * since a list with a product missing would look complete. A load succeeds for a product that cannot be read.
   */
  const getProducts = async (ids: string[], budget?: Budget): Promise<CacheResult<Product | null>[]> => {
    const results = await mostRead.countReads(ids, () => caches.products.getMany(ids, budget))
    for (const { error } of results) if (error) throw error
    return results
  }
  return {
    /** Reads a product. */
    getProduct: (id: string, budget?: Budget): Promise<CacheResult<Product | null>> =>
      mostRead.countRead(id, () => caches.products.get(id, budget)),
    getProducts,
    /** Reads the product page of a product: everything that a shop shows of it, as one document and one cache entry. */
    getPage: (id: string, budget?: Budget): Promise<CacheResult<ProductPage | null>> =>
      mostRead.countRead(id, () => caches.pages.get(id, budget)),
    /**
     * Reads a page of a product's review threads, newest first. A write removes the first page from the cache. Later
     * pages are cached for ten seconds, and no write removes them.
     *
     * @param request.cursor `next` of the page before; without it, the first page
     * @throws {InvalidCursor} if the cursor was not made for this list
     */
    getReviews: (id: string, request: Limits & { cursor?: string | undefined } = {}): Promise<ReviewList> =>
      readReviewList(caches, id, request),
    /**
     * Reads the category tree, which is one cache entry. The tree follows the products with a delay: the table's stream
     * updates the counters, and the entry then has to expire.
     */
    getCategories: (budget?: Budget): Promise<CacheResult<CategoryTree>> =>
      caches.categories.get(treeId, budget),
    /**
     * Reads a page of a category's listing, newest product first. Which products are listed, and in which order, is
     * cached for seconds. The products themselves are as fresh as in {@link getProducts}.
     *
     * @throws {InvalidCursor} if the cursor was not made for this list
     */
    listProducts: (request: ListingRequest, limits: Limits = {}): Promise<ListingPage> =>
      listProducts({ ...caches, getProducts }, request, limits),
    /** The clients of DynamoDB and Redis, for measurements. */
    ...{ db: caches.db, redis: caches.redis },
    /** Disconnects from DynamoDB and Redis. */
    close: caches.close,
  }
}
