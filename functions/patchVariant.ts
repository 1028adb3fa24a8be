import { openCatalogWrites, parseVariantPatch } from '../lib/catalog/writes.ts'
import { preconditionOf } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { idempotencyOf } from '../lib/http/idempotency.ts'
import { writeAnswer } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'PATCH /products/{id}/variants/{sku}'
const idempotent = idempotencyOf(route, catalog.db)

/** Price and stock of one variant: the update that a shop makes most. */
export const handler = handle(route, async (request) => {
  request.demandScope('catalog:write')
  const [id, sku, precondition] = [request.productId(), request.sku(), preconditionOf(request)]
  const change = parseVariantPatch(request.mergePatch())
  return idempotent(request, { id, sku, precondition, change }, async (writeId, isKeyed) => {
    const options = { precondition, writeId: isKeyed ? writeId : undefined, signal: request.signal }
    return writeAnswer(id, await catalog.patchVariant(id, sku, change, options))
  })
})
