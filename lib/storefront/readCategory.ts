import { type CategoryNode, treeId } from '../catalog/categories/categories.ts'
import { categoryName } from '../catalog/categories/category.ts'
import type { openCatalog } from '../catalog/index.ts'
import { mostCategories } from '../catalog/listing/listing.ts'
import { listedProducts } from '../http/listedProducts.ts'
import type { Request } from '../http/request.ts'
import type { Provenance } from '../http/response.ts'
import { cardOf } from './cards.ts'
import type { CategoryListing } from './categoryPage.ts'

/** How many products a page of a category shows. */
const limit = 24

/** What the page of a category shows, undefined where there is none; and what the caches did for it. */
export async function readCategory(
  catalog: ReturnType<typeof openCatalog>,
  request: Request,
  { category, cursor }: { category: string; cursor: string | undefined },
): Promise<{ listing: CategoryListing | undefined; parts: Provenance[] }> {
  const [tree, listed] = await Promise.all([
    catalog.categories.get(treeId, { budgetMs: request.budgetMs }),
    listedProducts(catalog, request, { category, limit, cursor }),
  ])
  const path = pathTo(category)
  let children = tree.value?.items ?? []
  let known = true
  for (const part of path) {
    const node: CategoryNode | undefined = children.find((each) => each.path === part.path)
    known &&= node !== undefined
    children = node?.children ?? []
  }
  const { results, positions, more, categories, next } = listed
  const parts: Provenance[] = [tree, ...listed.parts]
  // The tree follows the products a little late: a category that has some is there.
  if (!known && positions.length === 0 && cursor === undefined) return { listing: undefined, parts }
  const last = more ? positions.at(-1) : undefined
  return {
    listing: {
      categoryPath: path,
      children,
      items: results.flatMap(({ value }) => (value ? cardOf(value) : [])),
      further: cursor !== undefined,
      next: last === undefined ? undefined : await next(last),
      tooBroad: categories > mostCategories,
    },
    parts,
  }
}

/** A category and those above it, the root first. */
const pathTo = (category: string) =>
  category.split('/').map((_, depth, slugs) => {
    const path = slugs.slice(0, depth + 1).join('/')
    return { path, name: categoryName(path) }
  })
