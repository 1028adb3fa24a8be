import type { CacheAside } from '../cacheAside/index.ts'
import type { Caches } from './caches.ts'
import { type Page, readPage } from './page.ts'
import { readStored, versioned } from './product/readProduct.ts'
import { readReviews } from './reviews/readReviews.ts'

/** What the table says of an id, for a comparison with what an entry says. */
export interface Truth {
  value: unknown
  version: number | undefined
  /** When it was written, where that is known: what is written past this code may not say. */
  updatedAt: string | undefined
}

/** A kind of entry that shows a product, with its cache. */
export interface EntryKind extends Pick<CacheAside<unknown>, 'inspect' | 'scan' | 'warm' | 'key'> {
  name: 'product' | 'page' | 'reviews'
  /** What a load of it asks DynamoDB for: how many requests. */
  requests: number
  /** Reads what it is made of, strongly consistent. */
  read(id: string, signal: AbortSignal): Promise<Truth>
  /** What is compared of a value: what the product's own writes change. */
  own(value: unknown): unknown
}

const whole = (value: unknown) => value

/** The kinds of entries that a product's writes remove. */
export function entryKinds({ db, table, cursors, products, pages, reviews }: Caches): EntryKind[] {
  return [
    {
      ...products,
      ...{ name: 'product', requests: 1, own: whole },
      async read(id, signal) {
        const stored = await readStored({ db, table, signal }, id)
        const { value, version } = stored ? versioned(stored) : {}
        return { value, version, updatedAt: stored?.updatedAt }
      },
    },
    {
      ...pages,
      ...{ name: 'page', requests: 5 },
      async read(id, signal) {
        const value = await readPage({ db, table, signal }, id)
        return { value, version: value?.product.version, updatedAt: value?.product.updatedAt }
      },
      // The cards of other products may be as old as the page.
      own: (value) => value && { ...(value as Page), related: undefined },
    },
    {
      ...reviews,
      ...{ name: 'reviews', requests: 2, own: whole },
      async read(id, signal) {
        const found = await readReviews({ db, table, signal }, cursors, id)
        return { value: found?.value, version: found?.version, updatedAt: undefined }
      },
    },
  ]
}
