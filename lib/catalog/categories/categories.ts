import type { TableAccess } from '../table/access.ts'
import { categoriesKey } from '../table/items.ts'
import { query } from '../table/query.ts'
import { categoryName } from './category.ts'

/** A category with those below it. `products` counts its own and theirs. */
export interface CategoryNode {
  path: string
  name: string
  products: number
  children: CategoryNode[]
}

/** All categories that hold products, themselves or below them; sorted by path. */
export interface CategoryTree {
  items: CategoryNode[]
}

/** The one id under which the tree is cached. */
export const treeId = 'tree'

/**
 * Reads the category tree: one Query over the counters that ./countProducts.ts keeps, so its cost depends on the
 * number of categories and not on that of the products. The counters follow the products by the table's stream.
 *
 * @throws what the SDK throws
 */
export async function readCategories(access: TableAccess): Promise<CategoryTree> {
  const found = query<{ sk: string; products: number }>(access, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': categoriesKey('').pk },
    ConsistentRead: true,
  })
  const counts: [string, number][] = []
  for await (const { sk, products } of found) counts.push([sk, products])
  return treeOf(counts)
}

/** The tree of categories with the number of products in each. One that holds none, and none below it, is left out. */
export function treeOf(counts: Iterable<[path: string, products: number]>): CategoryTree {
  const root: CategoryNode[] = []
  const nodes = new Map<string, CategoryNode>()
  for (const [path, products] of counts) {
    if (products <= 0) continue
    let siblings = root
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const to = end < 0 ? path : path.slice(0, end)
      let node = nodes.get(to)
      if (!node) {
        node = { path: to, name: categoryName(to), products: 0, children: [] }
        nodes.set(to, node)
        siblings.push(node)
      }
      node.products += products
      if (end < 0) break
      siblings = node.children
    }
  }
  for (const siblings of [root, ...[...nodes.values()].map(({ children }) => children)])
    siblings.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { items: root }
}

/** The category and all below it, as far as they hold products; the category itself in any case. */
export function subtreeOf({ items }: CategoryTree, category: string): string[] {
  const below = (nodes: CategoryNode[]): string[] =>
    nodes.flatMap(({ path, children }) =>
      path.startsWith(`${category}/`)
        ? [path, ...below(children)]
        : path === category || category.startsWith(`${path}/`)
          ? below(children)
          : [],
    )
  return [category, ...below(items)]
}
