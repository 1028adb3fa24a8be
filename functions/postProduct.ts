import { openCatalogWrites, parseProduct } from '../lib/catalog/writes.ts'
import { handle } from '../lib/http/handler.ts'
import { createIdempotency } from '../lib/http/idempotency.ts'
import { writeResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'POST /products'
const idempotent = createIdempotency(route, catalog.db)

/** Creates a product. If the caller names no id, the product gets a generated one. */
export const handler = handle({ route, scope: 'catalog:write' }, async (request) => {
  const { id, content } = parseProduct(request.json())
  return idempotent(request, { id, content }, async (keyed) => {
    const written = await catalog.createProduct(content, { id, keyed, signal: request.signal })
    return writeResponse(written.value.id, written)
  })
})
