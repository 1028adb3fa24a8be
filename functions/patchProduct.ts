import { openCatalogWrites } from '../lib/catalog/writes.ts'
import { preconditionOf } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { writeAnswer } from '../lib/http/response.ts'

const catalog = openCatalogWrites()

/** Changes what the body names (RFC 7396) and leaves the rest. */
export const handler = handle('PATCH /products/{id}', async (request) => {
  request.demandScope('catalog:write')
  const id = request.productId()
  const precondition = preconditionOf(request)
  const patch = request.mergePatch()
  return writeAnswer(id, await catalog.patchProduct(id, patch, { precondition, signal: request.signal }))
})
