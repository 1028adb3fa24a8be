import type { CacheResult } from '../../cacheAside/index.ts'
import type { Caches } from '../caches.ts'
import type { Product } from '../product/product.ts'
import { listingId } from './listing.ts'
import { idAt } from './position.ts'

/** Requests a page of a category's listing. Without a cursor, it is the first page. */
export interface ListingRequest {
  category: string
  limit: number
  cursor?: string | undefined
}

/** A position in a listing, and the start of the chunk that the position was read from. */
interface Place {
  chunk: string
  position: string
}

/** A product and its place in the listing. If the product was deleted since the listing was read, it has no value. */
export interface ListedProduct extends Place {
  product: CacheResult<Product | null>
}

/** A page of a category's listing. */
export interface ListingPage {
  items: ListedProduct[]
  /** Whether more products follow. */
  more: boolean
  /** How many categories the listing covers. If there are more than `maxCategories`, no products were read. */
  categories: number
  /** The reads of the cache that the page is made of. */
  reads: Pick<CacheResult<unknown>, 'status' | 'until'>[]
  /** Returns the cursor of the page that starts after an item. */
  cursorAfter(item: ListedProduct): Promise<string>
}

interface Reads extends Pick<Caches, 'listings' | 'cursors'> {
  getProducts(ids: string[], budget: { budgetMs?: number }): Promise<CacheResult<Product | null>[]>
}

/** Reads a page of a category's listing: the positions from the listing's cache, the products from their own. */
export async function listProducts(
  { listings, cursors, getProducts }: Reads,
  { category, limit, cursor }: ListingRequest,
  { signal, ...budget }: { budgetMs?: number; signal?: AbortSignal | undefined },
): Promise<ListingPage> {
  const scope = `listing/${category}`
  const after = cursor === undefined ? undefined : toPlace(await cursors.read(scope, cursor, signal))
  const { places, ...rest } = await findPlaces(listings, { category, limit, after }, budget)
  const products = await getProducts(
    places.map(({ position }) => idAt(position)),
    budget,
  )
  return {
    ...rest,
    items: places.flatMap((place, at) => {
      const product = products[at]
      return product ? { ...place, product } : []
    }),
    reads: [...rest.reads, ...products],
    cursorAfter: ({ chunk, position }) => cursors.sign(scope, `${chunk}|${position}`, signal),
  }
}

/** Reads the place in a cursor. A cursor of an earlier release is a position alone. */
const toPlace = (text: string): Place => {
  const at = text.indexOf('|')
  return at < 0 ? { chunk: text, position: text } : { chunk: text.slice(0, at), position: text.slice(at + 1) }
}

/**
 * Finds the places of a page in the listing's chunks: in the chunk of the page before, and in the next one if that does
 * not suffice. Every page thus reads the same few chunks, wherever it starts.
 *
 * @param after the last place of the page before; without it, the first page
 */
async function findPlaces(
  listings: Reads['listings'],
  { category, limit, after }: { category: string; limit: number; after: Place | undefined },
  budget: { budgetMs?: number },
): Promise<{ places: Place[] } & Pick<ListingPage, 'more' | 'categories' | 'reads'>> {
  const places: Place[] = []
  const reads: ListingPage['reads'] = []
  for (let chunk = after?.chunk ?? ''; ; ) {
    const listing = await listings.get(listingId({ category, after: chunk }), budget)
    reads.push(listing)
    const { positions = [], more = false, categories = 0 } = listing.value ?? {}
    const open = after ? positions.filter((position) => position < after.position) : positions
    const taken = open.slice(0, limit - places.length)
    for (const position of taken) places.push({ chunk, position })
    const last = positions.at(-1)
    if (places.length === limit || !more || last === undefined)
      return { places, more: more || taken.length < open.length, categories, reads }
    // So many products came since the page before that this chunk ends before it: start where that page ended.
    chunk = after !== undefined && after.position < last ? after.position : last
  }
}
