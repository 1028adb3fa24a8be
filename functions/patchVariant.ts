import { openCatalog } from '../lib/catalog/index.ts'
import { patchVariant } from '../lib/catalog/product/patchVariant.ts'
import { parseVariantPatch } from '../lib/catalog/product/variantPatch.ts'
import { fromEnvironment, required } from '../lib/clients/config.ts'
import { preconditionOf } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { idempotent } from '../lib/http/idempotency.ts'
import { writeAnswer } from '../lib/http/response.ts'

const { db, table, products, also } = openCatalog(fromEnvironment())
const answers = required(process.env, 'IDEMPOTENCY_TABLE')
const route = 'PATCH /products/{id}/variants/{sku}'

/** Price and stock of one variant: the update that a shop makes most. */
export const handler = handle(route, async (request) => {
  request.demandScope('catalog:write')
  const id = request.productId()
  // As it is stored: in one normal form.
  const sku = request.path('sku')?.normalize() ?? ''
  const precondition = preconditionOf(request.header('if-match'), request.header('if-none-match'))
  const change = parseVariantPatch(request.json('application/merge-patch+json', 'application/json'))
  const payload = { id, sku, precondition, change }
  return idempotent(request, { db, table: answers, route, payload }, async (writeId, keyed) => {
    const options = { precondition, writeId: keyed ? writeId : undefined, signal: request.signal }
    const patch = () => patchVariant(db, table, id, sku, change, options)
    return writeAnswer(id, await products.write(id, patch, { also }))
  })
})
