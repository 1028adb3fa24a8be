import { openCatalogWrites, parseVariantPatch } from '../lib/catalog/writes.ts'
import { parsePrecondition } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { createIdempotency } from '../lib/http/idempotency.ts'
import { writeResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'PATCH /products/{id}/variants/{sku}'
const idempotent = createIdempotency(route, catalog.db)

/** Changes the price and stock of one variant, the most frequent update of a shop. */
export const handler = handle({ route, scope: 'catalog:write' }, async (request) => {
  const [id, sku, precondition] = [request.productId(), request.sku(), parsePrecondition(request)]
  const change = parseVariantPatch(request.mergePatch())
  return idempotent(request, { id, sku, precondition, change }, async (keyed) => {
    const options = { precondition, keyed, signal: request.signal }
    return writeResponse(id, await catalog.patchVariant(id, sku, change, options))
  })
})
