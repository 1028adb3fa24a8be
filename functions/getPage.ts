import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { documentResponse, noSuchProduct } from '../lib/http/response.ts'

const catalog = openCatalog()

/** Returns the product page: one cache entry, which on a miss is joined from several reads of DynamoDB. */
export const handler = handle('GET /products/{id}/page', async (request) => {
  const id = request.productId()
  const page = await catalog.getPage(id, { budgetMs: request.budgetMs })
  if (page.body === undefined) throw noSuchProduct(id, page.status)
  return documentResponse(request, page.body, page)
})
