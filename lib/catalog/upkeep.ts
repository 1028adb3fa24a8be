import type { Invalidation } from '../cacheAside/index.ts'
import { type CatalogConfig, openCaches } from './caches.ts'
import { type CategoryMove, countProducts } from './categories/countProducts.ts'
import { type DeadLetter, keepDeadLetter } from './deadLetter.ts'
import { entryKinds } from './entryKinds.ts'
import { mostReadIds } from './keptMostRead.ts'
import { type ListingPlace, neighboursOf } from './listing/neighbours.ts'
import { mostRelated } from './listing/related.ts'
import { openMostRead } from './mostRead.ts'
import { readStored } from './product/readProduct.ts'
import type { Stored } from './table/items.ts'

export { type CategoryMove, countedAtOnce } from './categories/countProducts.ts'
export type { DeadLetter } from './deadLetter.ts'
export type { EntryKind, Truth } from './entryKinds.ts'
export { type ListingPlace, placeOf } from './listing/neighbours.ts'
export { type CardItem, cardOf } from './product/card.ts'
export { productKey, reviewKey, toProduct } from './table/items.ts'

export type Upkeep = ReturnType<typeof openCatalogUpkeep>

/**
 * The catalogue, to be kept right: for whoever follows its table, and for jobs and operators. Nothing connects before it is
 * used; the SDK's and Redis' own errors come as they are.
 *
 * @throws {Error} that names the variable of the environment which is not set
 */
export function openCatalogUpkeep(config?: CatalogConfig) {
  const caches = openCaches(config)
  const { db, table, redis, pages, listings, categories, remove } = caches
  const mostRead = openMostRead(redis, table)
  return {
    /** What the caches hold of a product, a kind of entry each. */
    kinds: entryKinds(caches),
    /** What they hold of lists. */
    lists: [listings, categories],
    /** What the table holds of a product. */
    stored: (id: string): Promise<Stored | undefined> => readStored({ db, table }, id),
    /** Removes every entry that shows a product; with a version those that are at least as new stay. */
    remove,
    removePage: (id: string): Promise<Invalidation> => pages.invalidate(id),
    /** The products whose pages may show the card that stands at a place: see {@link neighboursOf}. */
    async shownBy(place: ListingPlace, signal: AbortSignal): Promise<string[]> {
      const { newer, older } = await neighboursOf({ db, table, signal }, place, mostRelated)
      return [...newer, ...older]
    },
    /** Counts products under their categories: see {@link countProducts}. */
    countProducts: (moves: CategoryMove[], signal: AbortSignal): Promise<number> =>
      countProducts({ db, table, signal }, moves),
    /** Keeps a record of the table's stream that cannot be read, for whoever finds out what it was. */
    keepDeadLetter: (letter: DeadLetter, signal: AbortSignal): Promise<void> =>
      keepDeadLetter({ db, table, signal }, letter),
    /** The most read products, the most read first: what was counted of late, then what was kept of earlier lists. */
    mostRead: (): Promise<string[]> => mostReadIds({ db, table }, mostRead),
    ...{ db, table, redis, close: caches.close },
  }
}
