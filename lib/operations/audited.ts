import type { CacheAside } from '../cacheAside/index.ts'
import type { openCatalog } from '../catalog/index.ts'
import { type Page, readPage } from '../catalog/page.ts'
import { readStored, versioned } from '../catalog/product/readProduct.ts'
import { readReviews } from '../catalog/reviews/readReviews.ts'

/** What the database says of an id, for a comparison with what a cache says. */
export interface Truth {
  value: unknown
  version: number | undefined
  /** When it was written, where that is known: what is written past this code may not say. */
  updatedAt: string | undefined
}

/** A cache whose entries can be compared with the database. */
export interface Audited {
  name: 'product' | 'page' | 'reviews'
  cache: Pick<CacheAside<unknown>, 'inspect' | 'scan'>
  /** Reads strongly consistent. */
  read(id: string, signal: AbortSignal): Promise<Truth>
  /** What is compared of a value: what the product's own writes change. */
  own(value: unknown): unknown
}

type Catalog = ReturnType<typeof openCatalog>

/** The caches that a product's writes remove: product, page and reviews. */
export function auditedCaches({ db, table, cursors, products, pages, reviews }: Catalog): Audited[] {
  const whole = (value: unknown) => value
  return [
    {
      ...{ name: 'product', cache: products, own: whole },
      async read(id, signal) {
        const stored = await readStored(db, table, id, signal)
        const { value, version } = stored ? versioned(stored) : {}
        return { value, version, updatedAt: stored?.updatedAt }
      },
    },
    {
      ...{ name: 'page', cache: pages },
      async read(id, signal) {
        const value = await readPage(db, table, id, signal)
        return { value, version: value?.product.version, updatedAt: value?.product.updatedAt }
      },
      // The cards of other products may be as old as the page.
      own: (value) => value && { ...(value as Page), related: undefined },
    },
    {
      ...{ name: 'reviews', cache: reviews, own: whole },
      async read(id, signal) {
        const found = await readReviews(db, table, cursors, id, { signal })
        return { value: found?.value, version: found?.version, updatedAt: undefined }
      },
    },
  ]
}
