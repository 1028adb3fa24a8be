import type { Invalidation } from '../cacheAside/index.ts'
import { type CatalogConfig, openCaches } from './caches.ts'
import { type CategoryMove, countProducts } from './categories/countProducts.ts'
import { type DeadLetter, storeDeadLetter } from './deadLetter.ts'
import { entryKinds } from './entryKinds.ts'
import { type ListingPlace, neighboursOf } from './listing/neighbours.ts'
import { maxRelated } from './listing/related.ts'
import { openMostRead } from './mostRead.ts'
import { updateMostReadList } from './mostReadList.ts'
import { readStored } from './product/readProduct.ts'
import type { Stored } from './table/items.ts'

export { type CategoryMove, movesPerTransaction } from './categories/countProducts.ts'
export type { DeadLetter } from './deadLetter.ts'
export type { EntryKind, StoredState } from './entryKinds.ts'
export { type ListingPlace, placeOf } from './listing/neighbours.ts'
export { cardOf } from './product/card.ts'
export { isVersion, toProduct } from './table/items.ts'
export { productKey, reviewKey } from './table/keys.ts'
export { isReadableProduct, toProductItem } from './table/storedProduct.ts'

export type Upkeep = ReturnType<typeof openCatalogUpkeep>

/**
 * Opens the catalogue for upkeep: for the function that follows the table's stream, for scheduled jobs, and for
 * operators. It keeps cache entries, category counters and the most-read list correct. It connects with the first call,
 * not before. Errors of the SDK and of Redis pass through unchanged.
 *
 * @param config the default is read from the environment
 * @throws {Error} if an environment variable is missing; the message names it
 */
export function openCatalogUpkeep(config?: CatalogConfig) {
  const caches = openCaches(config)
  const { db, table, redis, pages, reviewPages, listings, categories, remove } = caches
  const mostRead = openMostRead(redis, table)
  return {
    /** The kinds of entries that show a product, each with the operations of its cache. */
    kinds: entryKinds(caches),
    /**
     * The caches whose entries no write removes: of listings, of the category tree, and of further pages of reviews.
     */
    lists: [listings, categories, reviewPages],
    /** Reads the item at a product's key, which may be a tombstone. */
    stored: (id: string, signal?: AbortSignal): Promise<Stored | undefined> =>
      readStored({ db, table, signal }, id),
    /** Removes every entry that shows a product. With a `version`, entries of at least that version stay. */
    remove,
    /** Removes the entry of a product page. */
    removePage: (id: string): Promise<Invalidation> => pages.invalidate(id),
    /** Returns the ids of the products whose pages may show the card at a place: see {@link neighboursOf}. */
    async pagesShowing(place: ListingPlace, signal: AbortSignal): Promise<string[]> {
      const { newer, older } = await neighboursOf({ db, table, signal }, place, maxRelated)
      return [...newer, ...older]
    },
    /** Counts products in their categories: see {@link countProducts}. */
    countProducts: (moves: CategoryMove[], signal: AbortSignal): Promise<number> =>
      countProducts({ db, table, signal }, moves),
    /** Stores a stream record that could not be read, so that an operator can find out what it was. */
    storeDeadLetter: (letter: DeadLetter, signal: AbortSignal): Promise<void> =>
      storeDeadLetter({ db, table, signal }, letter),
    /** Stores and returns the ids of the most-read products, most read first: see {@link updateMostReadList}. */
    updateMostRead: (): Promise<string[]> => updateMostReadList({ db, table }, mostRead),
    ...{ db, table, redis, close: caches.close },
  }
}
