import { openCatalogWrites, parseProductWithId } from '../lib/catalog/writes.ts'
import { preconditionOf } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { writeAnswer } from '../lib/http/response.ts'

const catalog = openCatalogWrites()

/** Into DynamoDB first; then every entry of the product leaves the cache. */
export const handler = handle('PUT /products/{id}', async (request) => {
  request.demandScope('catalog:write')
  const id = request.productId()
  const precondition = preconditionOf(request)
  const content = parseProductWithId(id, request.json())
  return writeAnswer(id, await catalog.putProduct(id, content, { precondition, signal: request.signal }))
})
