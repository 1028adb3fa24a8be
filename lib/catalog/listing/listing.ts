import { type CategoryTree, subtreeOf } from '../categories/categories.ts'
import type { TableAccess } from '../table/access.ts'
import { query } from '../table/query.ts'

/**
 * A page of a category's listing: the positions of its products, newest first. A position is a product's `listedAt`. It
 * gives the order, it contains the product's id ({@link idAt}), and the next page starts after it.
 */
export interface Listing {
  positions: string[]
  /** Whether more products follow. */
  more: boolean
  /** How many categories the listing covers. If there are more than {@link maxCategories}, no products were read. */
  categories: number
}

/** Selects a page of a listing. */
export interface ListingQuery {
  category: string
  limit: number
  /** The last position of the page before; without it, the first page. */
  after?: string | undefined
}

/** How many categories a listing covers at most: the requested category and those below it. */
export const maxCategories = 100

/** Returns the id under which a page is cached. */
export const listingId = ({ category, limit, after = '' }: ListingQuery): string =>
  `${category}|${limit}|${after}`

/** Returns the id of the product at a position. */
export const idAt = (position: string): string => position.slice(position.indexOf('#') + 1)

/**
 * Reads a page of the products in a category and in all categories below it, newest first. It sends one Query of the index
 * `byCategory` for each of those categories, and merges the results. So the cost depends on the number of categories and
 * on the limit, never on the number of products.
 *
 * The index and the tree both follow the table with a short delay, so a new product appears, and a deleted one disappears,
 * a little late.
 *
 * @param id as {@link listingId} returns it
 * @param tree names the categories below; the category itself is listed even if the tree does not contain it
 * @throws what the SDK throws
 */
export async function readListing(access: TableAccess, id: string, tree: CategoryTree): Promise<Listing> {
  const [category = '', limitText, after] = id.split('|')
  const limit = Number(limitText)
  const categories = subtreeOf(tree, category)
  if (categories.length > maxCategories) return { positions: [], more: false, categories: categories.length }
  // Reads one product more than the limit, to learn whether there is a next page.
  const readEach = (each: string) => readPositions(access, each, { after, count: limit + 1 })
  const positions = (await Promise.all(categories.map(readEach))).flat().sort().reverse()
  return {
    positions: positions.slice(0, limit),
    more: positions.length > limit,
    categories: categories.length,
  }
}

/** Reads the positions of the newest products with exactly this category, newest first. */
async function readPositions(
  access: TableAccess,
  category: string,
  { after, count }: { after: string | undefined; count: number },
): Promise<string[]> {
  const found = query<{ listedAt: string }>(access, {
    IndexName: 'byCategory',
    KeyConditionExpression: after ? 'category = :category AND listedAt < :after' : 'category = :category',
    ExpressionAttributeValues: { ':category': category, ...(after && { ':after': after }) },
    ProjectionExpression: 'listedAt',
    ScanIndexForward: false,
    Limit: count,
  })
  const positions: string[] = []
  for await (const { listedAt } of found) if (positions.push(listedAt) === count) break
  return positions
}
