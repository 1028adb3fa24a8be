import { openCatalogWrites } from '../lib/catalog/writes.ts'
import { parsePrecondition } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { writeResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()

/** Changes a product by a JSON merge patch (RFC 7396). */
export const handler = handle('PATCH /products/{id}', async (request) => {
  request.requireScope('catalog:write')
  const id = request.productId()
  const precondition = parsePrecondition(request)
  const patch = request.mergePatch()
  return writeResponse(id, await catalog.patchProduct(id, patch, { precondition, signal: request.signal }))
})
