import { categoryGrammar, isCategory, isProductId, productIdGrammar } from '../catalog/index.ts'
import { Problem } from './problem.ts'
import type { ApiRequest } from './request.ts'

/** What `GET /products` asks for: products by id, or a page of a category's list. */
export type ProductQuery = { ids: string[] } | { category: string; limit: number; cursor: string | undefined }

/** The query parameters of `GET /products`. */
export const productParameters = ['ids', 'category', 'limit', 'cursor']

const maxIds = 100

/**
 * Reads the query of `GET /products`.
 *
 * @throws {Problem} 400 for an invalid query, also for a parameter of a category's list together with `ids`
 */
export function parseProductQuery(request: ApiRequest): ProductQuery {
  const ids = request.query('ids')
  const category = request.query('category')
  if ((ids === undefined) === (category === undefined))
    throw new Problem(
      400,
      'ids-or-category',
      'Send either ids=a,b,c for products by id, or category=clothing/shoes for those of a category',
    )
  if (ids !== undefined) {
    request.checkQuery(['ids'])
    return { ids: parseIds(ids) }
  }
  if (category === undefined || !isCategory(category))
    throw new Problem(400, 'invalid-category', `A category is ${categoryGrammar}`)
  return { category, limit: parseLimit(request.query('limit')), cursor: request.query('cursor') }
}

/** Returns each id once, at its first place. */
function parseIds(text: string): string[] {
  const ids = text.split(',', maxIds + 1)
  if (ids.length > maxIds) throw new Problem(400, 'too-many-ids', `Send at most ${maxIds} ids`)
  const invalid = ids.findIndex((id) => !isProductId(id))
  if (invalid >= 0)
    throw new Problem(
      400,
      'invalid-id',
      `Id number ${invalid + 1} is invalid. A product id is ${productIdGrammar}`,
    )
  return [...new Set(ids)]
}

function parseLimit(text = '24'): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > 100)
    throw new Problem(400, 'invalid-limit', 'limit must be a number from 1 to 100. The default is 24')
  return limit
}
