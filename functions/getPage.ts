import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { documentResponse, requireBody } from '../lib/http/response.ts'

const catalog = openCatalog()

/** Returns the product page: one cache entry, which on a miss is joined from several reads of DynamoDB. */
export const handler = handle({ route: 'GET /products/{id}/page' }, async (request) => {
  const id = request.productId()
  const page = await catalog.getPage(id, { budgetMs: request.budgetMs })
  return documentResponse(request, requireBody(id, page), page)
})
