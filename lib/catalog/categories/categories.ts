import type { TableAccess } from '../table/access.ts'
import { categoriesKey } from '../table/keys.ts'
import { query } from '../table/query.ts'
import { countUnreadable } from '../table/unreadable.ts'
import { categoryName } from './category.ts'

/** A category and the categories below it. */
export interface CategoryNode {
  path: string
  name: string
  /** The number of products in the category and in all categories below it. */
  products: number
  children: CategoryNode[]
}

/** All categories with at least one product in them or below them, sorted by path. */
export interface CategoryTree {
  items: CategoryNode[]
}

/** The id under which the tree is cached. There is only one. */
export const treeId = 'tree'

/**
 * Reads the category tree: one Query of the counters that ./countProducts.ts maintains. So the cost depends on the
 * number of categories, not on the number of products. The counters follow the products by the table's stream. A
 * counter that is no whole number is left out.
 *
 * @throws what the SDK throws
 */
export async function readCategories(access: TableAccess): Promise<CategoryTree> {
  const found = query<{ sk: string; products?: unknown }>(access, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': categoriesKey('').pk },
    ConsistentRead: true,
  })
  const counts: [string, number][] = []
  for await (const { sk, products } of found) {
    if (Number.isSafeInteger(products)) counts.push([sk, Number(products)])
    else countUnreadable('CATEGORIES')
  }
  return treeOf(counts)
}

/**
 * Builds the category tree from the number of products in each category. Categories without products in them or below
 * them are left out.
 */
export function treeOf(counts: Iterable<[path: string, products: number]>): CategoryTree {
  const root: CategoryNode[] = []
  const nodes = new Map<string, CategoryNode>()
  for (const [path, products] of counts) {
    if (products <= 0) continue
    let siblings = root
    // Walks down from the root, and adds the products to each category on the way.
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const prefix = end < 0 ? path : path.slice(0, end)
      let node = nodes.get(prefix)
      if (!node) {
        node = { path: prefix, name: categoryName(prefix), products: 0, children: [] }
        nodes.set(prefix, node)
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

/** Returns a category and the categories below it that the tree contains. The category itself is always included. */
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
