import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { readAnswer } from '../lib/http/response.ts'

const catalog = openCatalog()

/** From Redis; on a miss from DynamoDB, and stored. */
export const handler = handle('GET /products/{id}', async (request) => {
  const id = request.productId()
  return readAnswer(request, id, await catalog.getProduct(id, { budgetMs: request.budgetMs }))
})
