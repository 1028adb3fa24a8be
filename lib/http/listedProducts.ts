import type { openCatalog } from '../catalog/index.ts'
import { idAt, listingId } from '../catalog/listing/listing.ts'
import { demandAll } from './productList.ts'
import type { Request } from './request.ts'
import type { Provenance } from './response.ts'

type Catalog = Pick<ReturnType<typeof openCatalog>, 'products' | 'listings' | 'cursors'>

/**
 * One page of a category's listing. Which products there are, and in what order, is cached for seconds; what they say
 * is read as fresh as everywhere. A product that was deleted meanwhile has a result without a value.
 *
 * @throws {InvalidCursor} and what the caches throw
 */
export async function listedProducts(
  { products, listings, cursors }: Catalog,
  { signal, budgetMs }: Request,
  { category, limit, cursor }: { category: string; limit: number; cursor: string | undefined },
) {
  const scope = `listing/${category}`
  const after = cursor === undefined ? undefined : await cursors.read(scope, cursor, signal)
  const listing = await listings.get(listingId({ category, limit, after }), { budgetMs })
  const { positions = [], more = false, categories = 0 } = listing.value ?? {}
  const results = demandAll(await products.getMany(positions.map(idAt), { budgetMs }))
  return {
    /** In the order of {@link positions}. */
    results,
    positions,
    more,
    /** Above `mostCategories` nothing was read. */
    categories,
    /** What an answer from all this is made of. */
    parts: [listing, ...results] satisfies Provenance[],
    /** The cursor of the page that begins after a position. */
    next: (position: string) => cursors.sign(scope, position, signal),
  }
}
