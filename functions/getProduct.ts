import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { productResponse } from '../lib/http/response.ts'

const catalog = openCatalog()

/** Returns a product from Redis. On a miss it is loaded from DynamoDB and stored in Redis. */
export const handler = handle({ route: 'GET /products/{id}' }, async (request) => {
  const id = request.productId()
  return productResponse(request, id, await catalog.getProduct(id, { budgetMs: request.budgetMs }))
})
