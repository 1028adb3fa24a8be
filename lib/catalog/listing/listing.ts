import { type CategoryTree, subtreeOf } from '../categories/categories.ts'
import type { TableAccess } from '../table/access.ts'
import { readNewest } from './newest.ts'

/**
 * A chunk of a category's listing: the positions of {@link chunkSize} products, newest first. A position is a product's
 * `listedAt`. It gives the order, it contains the product's id (./position.ts), and the next chunk starts after it.
 */
export interface Listing {
  positions: string[]
  /** Whether more products follow. */
  more: boolean
  /** How many categories the listing covers. If there are more than {@link maxCategories}, no products were read. */
  categories: number
}

/** Selects a chunk of a listing. */
export interface ListingQuery {
  category: string
  /** The last position of the chunk before; without it, the first chunk. */
  after?: string | undefined
}

/**
 * How many positions a chunk has: as many as the longest page. A chunk is cached whatever the limit of a page, so a
 * hundred limits are one entry.
 */
export const chunkSize = 100

/** How many categories a listing covers at most: the requested category and those below it. */
export const maxCategories = 100

/** Returns the id under which a chunk is cached. */
export const listingId = ({ category, after = '' }: ListingQuery): string => `${category}|${after}`

/**
 * Reads a chunk of the products in a category and in all categories below it, newest first: see {@link readNewest}. So
 * the cost depends on the number of categories, never on the number of products.
 *
 * The index and the tree both follow the table with a short delay, so a new product appears, and a deleted one
 * disappears, a little late.
 *
 * @param id as {@link listingId} returns it
 * @param tree names the categories below; the category itself is listed even if the tree does not contain it
 * @throws what the SDK throws
 */
export async function readListing(access: TableAccess, id: string, tree: CategoryTree): Promise<Listing> {
  const [category = '', after] = id.split('|')
  const categories = subtreeOf(tree, category)
  if (categories.length > maxCategories) return { positions: [], more: false, categories: categories.length }
  // Reads one position more, to learn whether there is a next chunk.
  const positions = await readNewest(access, categories, { after, count: chunkSize + 1 })
  return {
    positions: positions.slice(0, chunkSize),
    more: positions.length > chunkSize,
    categories: categories.length,
  }
}
