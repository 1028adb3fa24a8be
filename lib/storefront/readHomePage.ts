import type { Catalog, Limits, ListingPage } from '../catalog/index.ts'
import { productCard } from './cards.ts'

/** How many categories the home page shows products of, and how many products of each. */
const mostSections = 8
const productsPerSection = 4

/** Reads what the home page shows. `parts` are the cached results that it consists of. */
export async function readHomePage(catalog: Catalog, limits: Limits) {
  const tree = await catalog.getCategories(limits)
  const categories = tree.value?.items ?? []
  const sections = await Promise.all(
    categories.slice(0, mostSections).map(async (category) => {
      const listing = await catalog.listProducts(
        { category: category.path, limit: productsPerSection },
        limits,
      )
      return { category, items: toCards(listing), parts: listing.parts }
    }),
  )
  return {
    categories,
    sections: sections.filter(({ items }) => items.length > 0),
    parts: [tree, ...sections.flatMap(({ parts }) => parts)],
  }
}

/** Returns the cards of a listing, without the products that have just been deleted. */
export const toCards = ({ items }: ListingPage) =>
  items.flatMap(({ product: { value } }) => (value ? productCard(value) : []))
