import type { CacheResult } from '../cacheAside/index.ts'
import { type ListingPage, maxCategories, unreadableBody } from '../catalog/index.ts'
import { Problem } from './problem.ts'
import { combineProvenance } from './provenance.ts'
import type { ApiRequest } from './request.ts'
import { type ApiResponse, documentResponse } from './response.ts'
import { countThatFit } from './responseSize.ts'

/**
 * Responds with products by id, in the order requested. `missing` has the ids of those that do not exist. `unreadable`
 * has the ids of those that cannot be read, and is left out if there are none. So the members name every requested id.
 */
export function batchResponse(
  request: ApiRequest,
  ids: string[],
  products: CacheResult<unknown>[],
): ApiResponse {
  const bodies = products.flatMap(toBody)
  if (countThatFit(bodies) < bodies.length)
    throw new Problem(
      413,
      'answer-too-large',
      'These products are too large for one response. Request fewer of them',
    )
  const idsWith = (body: string | undefined) => ids.filter((_, at) => products[at]?.body === body)
  const unreadable = idsWith(unreadableBody)
  const named = { missing: idsWith(undefined), ...(unreadable.length > 0 && { unreadable }) }
  return documentResponse(
    request,
    `{"items":[${bodies.join()}],${JSON.stringify(named).slice(1)}`,
    combineProvenance(products),
  )
}

/**
 * Responds with a page of a category's list. `Link` names the next page. The page ends early if the next product does
 * not fit into the response.
 */
export async function listResponse(
  request: ApiRequest,
  { category }: { category: string },
  { items, more, categories, reads, cursorAfter }: ListingPage,
): Promise<ApiResponse> {
  if (categories > maxCategories) {
    const detail = `There are ${categories - 1} categories below ${category}. A list covers at most ${maxCategories - 1}. Request one of them`
    throw new Problem(400, 'category-too-broad', detail)
  }
  const fitting = countThatFit(items.map(({ product }) => product.body ?? ''))
  const last = more || fitting < items.length ? items[fitting - 1] : undefined
  const bodies = items.slice(0, fitting).flatMap(({ product }) => toBody(product))
  const headers = last === undefined ? {} : nextLink(request, await cursorAfter(last))
  return documentResponse(request, `{"items":[${bodies.join()}]}`, combineProvenance(reads), headers)
}

/** Returns the JSON of a product, or nothing if it does not exist or cannot be read. */
const toBody = ({ body }: CacheResult<unknown>): string | [] =>
  body === undefined || body === unreadableBody ? [] : body

/** Returns the `Link` to the next page of the list (RFC 8288). */
const nextLink = (request: ApiRequest, cursor: string): Record<string, string> => {
  const query = new URLSearchParams()
  for (const name of ['category', 'limit']) {
    const value = request.query(name)
    if (value !== undefined) query.set(name, value)
  }
  query.set('cursor', cursor)
  return { link: `</products?${query}>; rel="next"` }
}
