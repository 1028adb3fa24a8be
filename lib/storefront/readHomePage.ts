import type { Catalog, Limits, ListingPage } from '../catalog/index.ts'
import { productCard } from './cards.ts'

/** How many categories the home page shows products of, and how many products of each. */
const mostSections = 8
const productsPerSection = 4

/** Reads what the home page shows. `reads` are the reads of the cache that it consists of. */
export async function readHomePage(catalog: Catalog, limits: Limits) {
  const tree = await catalog.getCategories(limits)
  const categories = tree.value?.items ?? []
  const sections = await Promise.all(
    categories.slice(0, mostSections).map(async (category) => {
      const listing = await catalog.listProducts(
        { category: category.path, limit: productsPerSection },
        limits,
      )
      return { category, items: toCards(listing), reads: listing.reads }
    }),
  )
  return {
    categories,
    sections: sections.filter(({ items }) => items.length > 0),
    reads: [tree, ...sections.flatMap(({ reads }) => reads)],
  }
}

/** Returns the cards of a listing, without the products that have just been deleted. */
export const toCards = ({ items }: ListingPage) =>
  items.flatMap(({ product: { value } }) => (value ? productCard(value) : []))
