import type { Catalog, Limits, ListingPage } from '../catalog/index.ts'
import { productCard } from './cards.ts'

/** Of how many categories the first page shows products, and how many of each. */
const mostShelves = 8
const onShelf = 4

/** What the first page shows, and what it is made of. */
export async function readHome(catalog: Catalog, limits: Limits) {
  const tree = await catalog.getCategories(limits)
  const all = tree.value?.items ?? []
  const shelves = await Promise.all(
    all.slice(0, mostShelves).map(async (category) => {
      const listing = await catalog.listProducts({ category: category.path, limit: onShelf }, limits)
      return { category, items: cardsOf(listing), parts: listing.parts }
    }),
  )
  return {
    all,
    shelves: shelves.filter(({ items }) => items.length > 0),
    parts: [tree, ...shelves.flatMap(({ parts }) => parts)],
  }
}

/** The cards of a listing's products; of those that were deleted meanwhile there is none. */
export const cardsOf = ({ items }: ListingPage) =>
  items.flatMap(({ product: { value } }) => (value ? productCard(value) : []))
