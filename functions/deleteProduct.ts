import { openCatalogWrites } from '../lib/catalog/writes.ts'
import { parsePrecondition } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { deletedResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()

/** Deletes a product and its reviews, and leaves a tombstone in the product's place. */
export const handler = handle('DELETE /products/{id}', async (request) => {
  request.requireScope('catalog:write')
  const id = request.productId()
  const precondition = parsePrecondition(request)
  return deletedResponse(await catalog.deleteProduct(id, { precondition, signal: request.signal }))
})
