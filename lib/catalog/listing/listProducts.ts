import type { CacheResult } from '../../cacheAside/index.ts'
import type { Caches } from '../caches.ts'
import { InvalidCursor } from '../errors.ts'
import type { Product } from '../product/product.ts'
import type { Cursors } from '../table/cursor.ts'
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
  const after = cursor === undefined ? undefined : await readPlace(cursors, category, cursor, signal)
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
    cursorAfter: ({ chunk, position }) => cursors.sign(scopeOf(category), `${chunk}|${position}`, signal),
  }
}

/** A release that reads other places from its cursors needs another scope, so that neither misreads the other's. */
const scopeOf = (category: string) => `listing-chunks/${category}`

/**
 * Reads the place in a cursor. A cursor of an earlier release has a scope of its own, and is a position alone.
 *
 * @throws {InvalidCursor}
 */
async function readPlace(
  cursors: Cursors,
  category: string,
  cursor: string,
  signal: AbortSignal | undefined,
): Promise<Place> {
  try {
    const text = await cursors.read(scopeOf(category), cursor, signal)
    const at = text.lastIndexOf('|')
    return { chunk: text.slice(0, at), position: text.slice(at + 1) }
  } catch (error) {
    if (!(error instanceof InvalidCursor)) throw error
    const position = await cursors.read(`listing/${category}`, cursor, signal)
    return { chunk: position, position }
  }
}

/**
 * Finds the places of a page in the listing's chunks: in the chunk of the page before, and in the next one if that does
 * not suffice. Every page thus reads the same few chunks, wherever it starts, and at most two of them: a chunk is as
 * long as the longest page.
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
