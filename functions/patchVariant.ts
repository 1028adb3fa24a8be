import { openCatalogWrites, parseVariantPatch } from '../lib/catalog/writes.ts'
import { parsePrecondition } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { createIdempotency } from '../lib/http/idempotency.ts'
import { writeResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'PATCH /products/{id}/variants/{sku}'
const idempotent = createIdempotency(route, catalog.db)

/** Changes the price and stock of one variant, the most frequent update of a shop. */
export const handler = handle(route, async (request) => {
  request.requireScope('catalog:write')
  const [id, sku, precondition] = [request.productId(), request.sku(), parsePrecondition(request)]
  const change = parseVariantPatch(request.mergePatch())
  return idempotent(request, { id, sku, precondition, change }, async (writeId, isKeyed) => {
    const options = { precondition, writeId: isKeyed ? writeId : undefined, signal: request.signal }
    return writeResponse(id, await catalog.patchVariant(id, sku, change, options))
  })
})
