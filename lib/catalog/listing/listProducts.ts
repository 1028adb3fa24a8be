import type { CacheResult } from '../../cacheAside/index.ts'
import type { Caches } from '../caches.ts'
import type { Product } from '../product/product.ts'
import { idAt, listingId } from './listing.ts'

/** Requests a page of a category's listing. Without a cursor, it is the first page. */
export interface ListingRequest {
  category: string
  limit: number
  cursor?: string | undefined
}

/** A product and its position in the listing. If the product was deleted since the listing was read, it has no value. */
export interface ListedProduct {
  position: string
  product: CacheResult<Product>
}

/** A page of a category's listing. */
export interface ListingPage {
  items: ListedProduct[]
  /** Whether more products follow. */
  more: boolean
  /** How many categories the listing covers. If there are more than `maxCategories`, no products were read. */
  categories: number
  /** The cached values that the page is made of. */
  parts: Pick<CacheResult<unknown>, 'status' | 'until'>[]
  /** Returns the cursor of the page that starts after an item. */
  cursorAfter(item: ListedProduct): Promise<string>
}

interface Reads extends Pick<Caches, 'listings' | 'cursors'> {
  getProducts(ids: string[], budget: { budgetMs?: number }): Promise<CacheResult<Product>[]>
}

/** Reads a page of a category's listing: the positions from the listing's cache, the products from their own. */
export async function listProducts(
  { listings, cursors, getProducts }: Reads,
  { category, limit, cursor }: ListingRequest,
  { signal, ...budget }: { budgetMs?: number; signal?: AbortSignal | undefined },
): Promise<ListingPage> {
  const scope = `listing/${category}`
  const after = cursor === undefined ? undefined : await cursors.read(scope, cursor, signal)
  const listing = await listings.get(listingId({ category, limit, after }), budget)
  const { positions = [], more = false, categories = 0 } = listing.value ?? {}
  const products = await getProducts(positions.map(idAt), budget)
  return {
    items: products.map((product, at) => ({ position: positions[at] ?? '', product })),
    more,
    categories,
    parts: [listing, ...products],
    cursorAfter: ({ position }) => cursors.sign(scope, position, signal),
  }
}
