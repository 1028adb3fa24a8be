import { openCatalogWrites, parseProduct } from '../lib/catalog/writes.ts'
import { handle } from '../lib/http/handler.ts'
import { createIdempotency } from '../lib/http/idempotency.ts'
import { writeResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'POST /products'
const idempotent = createIdempotency(route, catalog.db)

/** Creates a product. If the caller names no id, the product gets a generated one. */
export const handler = handle(route, async (request) => {
  request.requireScope('catalog:write')
  const { id: wanted, content } = parseProduct(request.json())
  return idempotent(request, { id: wanted, content }, async (writeId) => {
    const id = wanted ?? writeId
    return writeResponse(id, await catalog.createProduct(id, content, { writeId, signal: request.signal }))
  })
})
