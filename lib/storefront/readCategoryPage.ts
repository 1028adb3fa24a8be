import {
  type Catalog,
  type CategoryNode,
  categoryPath,
  type Limits,
  type ListingPage,
  maxCategories,
} from '../catalog/index.ts'
import type { CategoryListing } from './categoryPage.ts'
import { toCards } from './readHomePage.ts'

/** How many products a category page shows. */
const productsPerPage = 24

/**
 * Reads what a category page shows. `listing` is undefined if the category does not exist. `reads` are the reads of the
 * cache that the page consists of.
 */
export async function readCategoryPage(
  catalog: Catalog,
  { category, cursor }: { category: string; cursor: string | undefined },
  limits: Limits,
): Promise<{ listing: CategoryListing | undefined; reads: ListingPage['reads'] }> {
  const [tree, listed] = await Promise.all([
    catalog.getCategories(limits),
    catalog.listProducts({ category, limit: productsPerPage, cursor }, limits),
  ])
  const path = categoryPath(category)
  let children = tree.value?.items ?? []
  let isInTree = true
  for (const part of path) {
    const node: CategoryNode | undefined = children.find((each) => each.path === part.path)
    isInTree &&= node !== undefined
    children = node?.children ?? []
  }
  const { items, more, categories, cursorAfter } = listed
  const reads = [tree, ...listed.reads]
  // The category tree is updated a little later than the products, so a category with products exists without it.
  if (!isInTree && items.length === 0) {
    // After a cursor there may be nothing more, although the list has a beginning. The page leads there.
    const first =
      cursor === undefined
        ? undefined
        : await readCategoryPage(catalog, { category, cursor: undefined }, limits)
    if (!first?.listing) return { listing: undefined, reads }
  }
  const last = more ? items.at(-1) : undefined
  return {
    listing: {
      categoryPath: path,
      children,
      items: toCards(listed),
      isFirstPage: cursor === undefined,
      nextCursor: last && (await cursorAfter(last)),
      isTooBroad: categories > maxCategories,
    },
    reads,
  }
}
