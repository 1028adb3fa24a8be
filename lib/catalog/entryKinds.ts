import type { CacheAside } from '../cacheAside/index.ts'
import type { Caches } from './caches.ts'
import { nullIfUnreadable, readStored, toLoaded } from './product/readProduct.ts'
import { type ProductPage, readProductPage } from './productPage.ts'
import { readReviews } from './reviews/readReviews.ts'

/** What the table holds for an id, to compare an entry with. */
export interface StoredState {
  /** Undefined if there is no such product, null if it cannot be read. */
  value?: unknown
  version?: number | undefined
  /** When the product was written. Undefined if unknown: an edit that bypasses this code may not set it. */
  updatedAt: string | undefined
}

/** A kind of entry that shows a product, with the operations of its cache. */
export interface EntryKind extends Pick<CacheAside<unknown>, 'inspect' | 'scan' | 'warm' | 'key'> {
  name: 'product' | 'page' | 'reviews'
  /** How many requests to DynamoDB one load takes. */
  requests: number
  /** Reads what an entry of this kind should hold, with a strongly consistent read. */
  read(id: string, signal: AbortSignal): Promise<StoredState>
  /** Returns the part of a value that the product's own writes change. Only this part is compared. */
  comparable(value: unknown): unknown
}

const wholeValue = (value: unknown) => value

/** Returns the kinds of entries that a write to a product removes. */
export function entryKinds({ db, table, cursors, products, pages, reviews }: Caches): EntryKind[] {
  return [
    {
      ...products,
      ...{ name: 'product', requests: 1, comparable: wholeValue },
      async read(id, signal) {
        const stored = await readStored({ db, table, signal }, id)
        const { value, version } = stored ? toLoaded(stored) : {}
        return { value, version, updatedAt: stored?.unreadable ? undefined : stored?.updatedAt }
      },
    },
    {
      ...pages,
      ...{ name: 'page', requests: 5 },
      async read(id, signal) {
        const found = await nullIfUnreadable(async () => {
          const value = await readProductPage({ db, table, signal }, id)
          return value && { value, version: value.product.version }
        })
        return { ...found, updatedAt: found?.value?.product.updatedAt }
      },
      // The cards of related products may be as old as the entry.
      comparable: (value) => value && { ...(value as ProductPage), related: undefined },
    },
    {
      ...reviews,
      ...{ name: 'reviews', requests: 2, comparable: wholeValue },
      async read(id, signal) {
        const found = await nullIfUnreadable(() => readReviews({ db, table, signal }, cursors, id))
        return { value: found?.value, version: found?.version, updatedAt: undefined }
      },
    },
  ]
}
