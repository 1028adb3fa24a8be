import type { CacheResult } from '../cacheAside/index.ts'
import { type ListingPage, maxCategories, type Product } from '../catalog/index.ts'
import { Problem } from './problem.ts'
import { combineProvenance } from './provenance.ts'
import type { ApiRequest } from './request.ts'
import { type ApiResponse, documentResponse } from './response.ts'
import { countThatFit } from './responseSize.ts'

/** Responds with products by id, in the order requested. `missing` has the ids of those that do not exist. */
export function batchResponse(
  request: ApiRequest,
  ids: string[],
  products: CacheResult<Product>[],
): ApiResponse {
  const bodies = products.flatMap(({ body }) => body ?? [])
  if (countThatFit(bodies) < bodies.length)
    throw new Problem(
      413,
      'answer-too-large',
      'These products are too large for one response. Request fewer of them',
    )
  const missing = JSON.stringify(ids.filter((_, at) => products[at]?.body === undefined))
  return documentResponse(
    request,
    `{"items":[${bodies.join()}],"missing":${missing}}`,
    combineProvenance(products),
  )
}

/**
 * Responds with part of a category's list. `Link` names the next part. The part ends early if the next product does
 * not fit into the response.
 */
export async function listResponse(
  request: ApiRequest,
  { category }: { category: string },
  { items, more, categories, parts, cursorAfter }: ListingPage,
): Promise<ApiResponse> {
  if (categories > maxCategories) {
    const detail = `There are ${categories - 1} categories below ${category}. A list covers at most ${maxCategories - 1}. Request one of them`
    throw new Problem(400, 'category-too-broad', detail)
  }
  const fitting = countThatFit(items.map(({ product }) => product.body ?? ''))
  const last = more || fitting < items.length ? items[fitting - 1] : undefined
  const bodies = items.slice(0, fitting).flatMap(({ product }) => product.body ?? [])
  const headers = last === undefined ? {} : nextLink(request, await cursorAfter(last))
  return documentResponse(request, `{"items":[${bodies.join()}]}`, combineProvenance(parts), headers)
}

/** Returns the `Link` to the next part of the list (RFC 8288). */
const nextLink = (request: ApiRequest, cursor: string): Record<string, string> => {
  const query = new URLSearchParams()
  for (const name of ['category', 'limit']) {
    const value = request.query(name)
    if (value !== undefined) query.set(name, value)
  }
  query.set('cursor', cursor)
  return { link: `</products?${query}>; rel="next"` }
}
