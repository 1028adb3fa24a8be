import { openCatalog } from '../lib/catalog/index.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { handle } from '../lib/http/handler.ts'
import { readAnswer } from '../lib/http/response.ts'

const { products, topProducts } = openCatalog(fromEnvironment())

/** From Redis; on a miss from DynamoDB, and stored. */
export const handler = handle('GET /products/{id}', async (request) => {
  const id = request.productId()
  const product = await topProducts.counted(id, () => products.get(id, { budgetMs: request.budgetMs }))
  return readAnswer(request, id, product)
})
