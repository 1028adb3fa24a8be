import { treeId } from '../catalog/categories/categories.ts'
import type { openCatalog } from '../catalog/index.ts'
import { listedProducts } from '../http/listedProducts.ts'
import type { Request } from '../http/request.ts'
import { cardOf } from './cards.ts'

/** Of how many categories the first page shows products, and how many of each. */
const mostShelves = 8
const onShelf = 4

/** What the first page shows, and what the caches did for it. */
export async function readHome(catalog: ReturnType<typeof openCatalog>, request: Request) {
  const tree = await catalog.categories.get(treeId, { budgetMs: request.budgetMs })
  const all = tree.value?.items ?? []
  const shelves = await Promise.all(
    all.slice(0, mostShelves).map(async (category) => {
      const query = { category: category.path, limit: onShelf, cursor: undefined }
      const { results, parts } = await listedProducts(catalog, request, query)
      return { category, items: results.flatMap(({ value }) => (value ? cardOf(value) : [])), parts }
    }),
  )
  return {
    all,
    shelves: shelves.filter(({ items }) => items.length > 0),
    parts: [tree, ...shelves.flatMap(({ parts }) => parts)],
  }
}
