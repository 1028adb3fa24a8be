import type { CacheResult } from '../cacheAside/index.ts'
import { isCategory } from '../catalog/categories/category.ts'
import { isProductId, productIdGrammar } from '../catalog/product/id.ts'
import type { Product } from '../catalog/product/product.ts'
import { Problem } from './problem.ts'
import type { Request } from './request.ts'

/** What `GET /products` is asked for: products by their ids, or a page of a category's listing. */
export type ProductList = { ids: string[] } | { category: string; limit: number; cursor: string | undefined }

const mostIds = 100

/** Reads the query. Throws the {@link Problem} that is the answer to a wrong one. */
export function productListOf(request: Request): ProductList {
  const ids = request.query('ids')
  const category = request.query('category')
  if ((ids === undefined) === (category === undefined))
    throw new Problem(
      400,
      'ids-or-category',
      'Ask for products by ids=a,b,c or for those of a category by category=clothing/shoes: for one of the two',
    )
  if (ids !== undefined) return { ids: idsOf(ids) }
  if (category === undefined || !isCategory(category))
    throw new Problem(400, 'invalid-category', 'A category is a path of slugs such as clothing/shoes')
  return { category, limit: limitOf(request.query('limit')), cursor: request.query('cursor') }
}

/** Each id once, where it is first asked for. */
function idsOf(text: string): string[] {
  const ids = text.split(',', mostIds + 1)
  if (ids.length > mostIds) throw new Problem(400, 'too-many-ids', `Ask for at most ${mostIds} ids`)
  const wrong = ids.findIndex((id) => !isProductId(id))
  if (wrong >= 0)
    throw new Problem(400, 'invalid-id', `The id at place ${wrong + 1} is none: an id is ${productIdGrammar}`)
  return [...new Set(ids)]
}

function limitOf(text = '24'): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > 100)
    throw new Problem(400, 'invalid-limit', 'A limit is a number from 1 to 100; without one it is 24')
  return limit
}

/** The results as they are, if none failed: an answer with a hole in it would be cached as the truth. */
export function demandAll(results: CacheResult<Product>[]): CacheResult<Product>[] {
  for (const { error } of results) if (error) throw error
  return results
}

/** The path of the next page, for a `Link` (RFC 8288). */
export const nextPage = (request: Request, cursor: string): Record<string, string> => {
  const query = new URLSearchParams()
  for (const name of ['category', 'limit']) {
    const value = request.query(name)
    if (value !== undefined) query.set(name, value)
  }
  query.set('cursor', cursor)
  return { link: `</products?${query}>; rel="next"` }
}
