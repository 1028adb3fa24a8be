import { openCatalogWrites } from '../lib/catalog/writes.ts'
import { parsePrecondition } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { writeResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()

/** Changes a product by a JSON merge patch (RFC 7396). */
export const handler = handle({ route: 'PATCH /products/{id}', scope: 'catalog:write' }, async (request) => {
  const id = request.productId()
  const precondition = parsePrecondition(request)
  const patch = request.mergePatch()
  return writeResponse(id, await catalog.patchProduct(id, patch, { precondition, signal: request.signal }))
})
