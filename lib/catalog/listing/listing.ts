import { type CategoryTree, subtreeOf } from '../categories/categories.ts'
import type { TableAccess } from '../table/access.ts'
import { query } from '../table/query.ts'

/**
 * One page of a listing: where its products stand, newest first, and whether more follow. A position is the product's
 * `listedAt`, so it orders, names the product ({@link idAt}), and is where the next page begins.
 */
export interface Listing {
  positions: string[]
  more: boolean
  /** Of how many categories it is. Above {@link mostCategories} nothing was read. */
  categories: number
}

/** Which page of which listing. Without `after` the first. */
export interface ListingQuery {
  category: string
  limit: number
  /** The last position of the page before. */
  after?: string | undefined
}

/** The most categories below one that are listed together, itself included. */
export const mostCategories = 100

/** The id under which a page is cached. */
export const listingId = ({ category, limit, after = '' }: ListingQuery): string =>
  `${category}|${limit}|${after}`

/** The product that stands at a position. */
export const idAt = (position: string): string => position.slice(position.indexOf('#') + 1)

/**
 * Reads one page of the products of a category and of all below it, newest first: one Query of the index `byCategory`
 * for each of those categories, merged. Its cost depends on their number and the limit, never on the number of products.
 *
 * The index follows the table within moments, and so does the tree: a product appears and disappears a little late.
 *
 * @param id as {@link listingId} makes it
 * @param tree knows which categories there are below; the category itself is listed even if the tree lacks it
 * @throws what the SDK throws
 */
export async function readListing(access: TableAccess, id: string, tree: CategoryTree): Promise<Listing> {
  const [category = '', limitText, after] = id.split('|')
  const limit = Number(limitText)
  const categories = subtreeOf(tree, category)
  if (categories.length > mostCategories) return { positions: [], more: false, categories: categories.length }
  // One more tells whether there is a next page.
  const newest = (each: string) => newestOf(access, each, { after, count: limit + 1 })
  const positions = (await Promise.all(categories.map(newest))).flat().sort().reverse()
  return {
    positions: positions.slice(0, limit),
    more: positions.length > limit,
    categories: categories.length,
  }
}

/** The positions of the newest products that have exactly this category, the newest first. */
async function newestOf(
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
