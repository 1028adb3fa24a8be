import type { CacheResult } from '../cacheAside/index.ts'
import { type CatalogConfig, openCaches } from './caches.ts'
import { type CategoryTree, treeId } from './categories/categories.ts'
import { type ListingAsked, type ListingPage, listProducts } from './listing/listProducts.ts'
import { openMostRead } from './mostRead.ts'
import type { Page } from './page.ts'
import type { Product } from './product/product.ts'
import { type ReviewList, readReviewList } from './reviews/readReviewList.ts'

export type { CategoryNode, CategoryTree } from './categories/categories.ts'
export { categoryGrammar, categoryPath, isCategory } from './categories/category.ts'
export * from './errors.ts'
export { mostCategories } from './listing/listing.ts'
export type { ListingPage } from './listing/listProducts.ts'
export type { Page } from './page.ts'
export type { Card } from './product/card.ts'
export { isProductId, productIdGrammar } from './product/id.ts'
export { availabilityOf, lowStock, type Offer, type Offers } from './product/offers.ts'
export type { Precondition } from './product/precondition.ts'
export type { Product } from './product/product.ts'
export type { ReviewThread } from './reviews/reviewTree.ts'

/** What is left of a caller's time, ms. */
export interface Budget {
  budgetMs?: number
}

/** The same for what may go past the caches. */
export interface Limits extends Budget {
  /** Ends it. */
  signal?: AbortSignal | undefined
}

export type Catalog = ReturnType<typeof openCatalog>

/**
 * The catalogue, to be read: out of its caches, and past them out of its table. Every product that is read is counted for
 * the list of the most read. Nothing connects before the first read.
 *
 * Each read throws {@link LoadFailed} where the table could not be read, and {@link Overloaded} where too many wait for it.
 *
 * @throws {Error} that names the variable of the environment which is not set
 */
export function openCatalog(config?: CatalogConfig) {
  const caches = openCaches(config)
  const mostRead = openMostRead(caches.redis, caches.table)
  /** In the order asked. Where one could not be read, its error is thrown: an answer with a hole would be taken for the truth. */
  const getProducts = async (ids: string[], budget?: Budget): Promise<CacheResult<Product>[]> => {
    const results = await mostRead.countedMany(ids, () => caches.products.getMany(ids, budget))
    for (const { error } of results) if (error) throw error
    return results
  }
  return {
    getProduct: (id: string, budget?: Budget): Promise<CacheResult<Product>> =>
      mostRead.counted(id, () => caches.products.get(id, budget)),
    getProducts,
    /** All that a product page shows, as one entry. */
    getPage: (id: string, budget?: Budget): Promise<CacheResult<Page>> =>
      mostRead.counted(id, () => caches.pages.get(id, budget)),
    /**
     * Review threads, newest first: the first ones out of the cache, those after a cursor, which few ask for, past it.
     *
     * @throws {InvalidCursor} for one that was not made for this list
     */
    getReviews: (id: string, asked: Limits & { cursor?: string | undefined } = {}): Promise<ReviewList> =>
      readReviewList(caches, id, asked),
    /** The whole tree is one entry. It follows the products by the table's stream, and then by the entry's life. */
    getCategories: (budget?: Budget): Promise<CacheResult<CategoryTree>> =>
      caches.categories.get(treeId, budget),
    /**
     * A part of a category's products, newest first. Which products there are, and in what order, is cached for seconds;
     * what they say is as fresh as everywhere.
     *
     * @throws {InvalidCursor} for one that was not made for this list
     */
    listProducts: (asked: ListingAsked, limits: Limits = {}): Promise<ListingPage> =>
      listProducts({ ...caches, getProducts }, asked, limits),
    /** What it sends to DynamoDB, and by which Redis: for measurements. */
    ...{ db: caches.db, redis: caches.redis },
    close: caches.close,
  }
}
