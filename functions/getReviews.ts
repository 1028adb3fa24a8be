import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { documentResponse, noSuchProduct } from '../lib/http/response.ts'

const catalog = openCatalog()

/** Returns a page of a product's review threads. The `Link` header names the next page. */
export const handler = handle('GET /products/{id}/reviews', async (request) => {
  const id = request.productId()
  const { budgetMs, signal } = request
  const list = await catalog.getReviews(id, { cursor: request.query('cursor'), budgetMs, signal })
  if (list.body === undefined) throw noSuchProduct(id, list.status)
  const link = { link: `</products/${id}/reviews?cursor=${list.next}>; rel="next"` }
  return documentResponse(request, list.body, list, list.next === undefined ? {} : link)
})
