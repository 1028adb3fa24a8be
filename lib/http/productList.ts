import type { CacheResult } from '../cacheAside/index.ts'
import {
  categoryGrammar,
  isCategory,
  isProductId,
  type ListingPage,
  mostCategories,
  type Product,
  productIdGrammar,
} from '../catalog/index.ts'
import { howManyFit } from './howManyFit.ts'
import { Problem } from './problem.ts'
import type { ApiRequest } from './request.ts'
import { type ApiResponse, documentAnswer } from './response.ts'
import { together } from './together.ts'

/** What `GET /products` is asked for: products by their ids, or a page of a category's listing. */
export type ProductList = { ids: string[] } | { category: string; limit: number; cursor: string | undefined }

const mostIds = 100

/** Reads the query. Throws the {@link Problem} that is the answer to a wrong one. */
export function productListOf(request: ApiRequest): ProductList {
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
    throw new Problem(400, 'invalid-category', `A category is ${categoryGrammar}`)
  return { category, limit: limitOf(request.query('limit')), cursor: request.query('cursor') }
}

/** Each id once, where it is first asked for. */
function idsOf(text: string): string[] {
  const ids = text.split(',', mostIds + 1)
  if (ids.length > mostIds) throw new Problem(400, 'too-many-ids', `Ask for at most ${mostIds} ids`)
  const wrong = ids.findIndex((id) => !isProductId(id))
  if (wrong >= 0)
    throw new Problem(400, 'invalid-id', `Id number ${wrong + 1} is not valid: an id is ${productIdGrammar}`)
  return [...new Set(ids)]
}

function limitOf(text = '24'): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > 100)
    throw new Problem(400, 'invalid-limit', 'A limit is a number from 1 to 100; without one it is 24')
  return limit
}

/** Answers with products by their ids. Which of them do not exist is told beside them. */
export function batchAnswer(
  request: ApiRequest,
  ids: string[],
  products: CacheResult<Product>[],
): ApiResponse {
  const bodies = products.flatMap(({ body }) => body ?? [])
  if (howManyFit(bodies) < bodies.length)
    throw new Problem(413, 'answer-too-large', 'These products are too large for one answer: ask for fewer')
  const missing = JSON.stringify(ids.filter((_, at) => products[at]?.body === undefined))
  return documentAnswer(request, `{"items":[${bodies.join()}],"missing":${missing}}`, together(products))
}

/** Answers with a part of a category's listing; where the next one is is told in `Link`. It ends before what has no room. */
export async function listAnswer(
  request: ApiRequest,
  { category }: { category: string },
  { items, more, categories, parts, cursorAfter }: ListingPage,
): Promise<ApiResponse> {
  if (categories > mostCategories) {
    const detail = `There are ${categories - 1} categories below ${category}, and at most ${mostCategories - 1} are listed together: ask for one of them`
    throw new Problem(400, 'category-too-broad', detail)
  }
  const room = howManyFit(items.map(({ product }) => product.body ?? ''))
  const last = more || room < items.length ? items[room - 1] : undefined
  const bodies = items.slice(0, room).flatMap(({ product }) => product.body ?? [])
  const headers = last === undefined ? {} : nextPage(request, await cursorAfter(last))
  return documentAnswer(request, `{"items":[${bodies.join()}]}`, together(parts), headers)
}

/** The path of the next page, for a `Link` (RFC 8288). */
const nextPage = (request: ApiRequest, cursor: string): Record<string, string> => {
  const query = new URLSearchParams()
  for (const name of ['category', 'limit']) {
    const value = request.query(name)
    if (value !== undefined) query.set(name, value)
  }
  query.set('cursor', cursor)
  return { link: `</products?${query}>; rel="next"` }
}
