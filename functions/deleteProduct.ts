import { openCatalogWrites } from '../lib/catalog/writes.ts'
import { preconditionOf } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { deletedAnswer } from '../lib/http/response.ts'

const catalog = openCatalogWrites()

/** Leaves a tombstone in the product's place; its reviews go with it. */
export const handler = handle('DELETE /products/{id}', async (request) => {
  request.demandScope('catalog:write')
  const id = request.productId()
  const precondition = preconditionOf(request)
  return deletedAnswer(await catalog.deleteProduct(id, { precondition, signal: request.signal }))
})
