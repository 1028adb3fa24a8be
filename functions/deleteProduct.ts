import { openCatalogWrites } from '../lib/catalog/writes.ts'
import { parsePrecondition } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { deletedResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()

/** Deletes a product and its reviews, and leaves a tombstone in the product's place. */
export const handler = handle({ route: 'DELETE /products/{id}', scope: 'catalog:write' }, async (request) => {
  const id = request.productId()
  const precondition = parsePrecondition(request)
  return deletedResponse(await catalog.deleteProduct(id, { precondition, signal: request.signal }))
})
