import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { documentResponse, requireBody } from '../lib/http/response.ts'

const catalog = openCatalog()

/** Returns a page of a product's review threads. The `Link` header names the next page. */
export const handler = handle({ route: 'GET /products/{id}/reviews', query: ['cursor'] }, async (request) => {
  const id = request.productId()
  const { budgetMs, signal } = request
  const list = await catalog.getReviews(id, { cursor: request.query('cursor'), budgetMs, signal })
  const body = requireBody(id, list)
  const link = { link: `</products/${id}/reviews?cursor=${list.next}>; rel="next"` }
  return documentResponse(request, body, list, list.next === undefined ? {} : link)
})
