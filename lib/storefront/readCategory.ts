import {
  type Catalog,
  type CategoryNode,
  categoryPath,
  type Limits,
  type ListingPage,
  mostCategories,
} from '../catalog/index.ts'
import type { CategoryListing } from './categoryPage.ts'
import { cardsOf } from './readHome.ts'

/** How many products a page of a category shows. */
const limit = 24

/** What the page of a category shows, undefined where there is none; and what it is made of. */
export async function readCategory(
  catalog: Catalog,
  { category, cursor }: { category: string; cursor: string | undefined },
  limits: Limits,
): Promise<{ listing: CategoryListing | undefined; parts: ListingPage['parts'] }> {
  const [tree, listed] = await Promise.all([
    catalog.getCategories(limits),
    catalog.listProducts({ category, limit, cursor }, limits),
  ])
  const path = categoryPath(category)
  let children = tree.value?.items ?? []
  let known = true
  for (const part of path) {
    const node: CategoryNode | undefined = children.find((each) => each.path === part.path)
    known &&= node !== undefined
    children = node?.children ?? []
  }
  const { items, more, categories, cursorAfter } = listed
  const parts = [tree, ...listed.parts]
  // The tree follows the products a little late: a category that has some is there.
  if (!known && items.length === 0 && cursor === undefined) return { listing: undefined, parts }
  const last = more ? items.at(-1) : undefined
  return {
    listing: {
      categoryPath: path,
      children,
      items: cardsOf(listed),
      further: cursor !== undefined,
      next: last && (await cursorAfter(last)),
      tooBroad: categories > mostCategories,
    },
    parts,
  }
}
