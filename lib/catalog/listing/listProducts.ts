import type { CacheResult } from '../../cacheAside/index.ts'
import type { Caches } from '../caches.ts'
import type { Product } from '../product/product.ts'
import { idAt, listingId } from './listing.ts'

/** Which part of a category's listing. Without a cursor it begins with the newest product. */
export interface ListingAsked {
  category: string
  limit: number
  cursor?: string | undefined
}

/** A product and where it stands in the listing. One that was deleted meanwhile has no value. */
export interface ListedProduct {
  position: string
  product: CacheResult<Product>
}

export interface ListingPage {
  items: ListedProduct[]
  /** Whether others follow. */
  more: boolean
  /** Of how many categories it is. Above `mostCategories` nothing was read. */
  categories: number
  /** What it is made of. */
  parts: Pick<CacheResult<unknown>, 'status' | 'until'>[]
  /** The cursor of the part that begins after this product. */
  cursorAfter(item: ListedProduct): Promise<string>
}

interface Reads extends Pick<Caches, 'listings' | 'cursors'> {
  getProducts(ids: string[], budget: { budgetMs?: number }): Promise<CacheResult<Product>[]>
}

/** A part of a category's listing, with its products as fresh as they are everywhere. */
export async function listProducts(
  { listings, cursors, getProducts }: Reads,
  { category, limit, cursor }: ListingAsked,
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
