import { openCatalogWrites, parseProduct } from '../lib/catalog/writes.ts'
import { handle } from '../lib/http/handler.ts'
import { idempotencyOf } from '../lib/http/idempotency.ts'
import { writeAnswer } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'POST /products'
const idempotent = idempotencyOf(route, catalog.db)

/** Creates a product, under an id of its own where the caller names none. */
export const handler = handle(route, async (request) => {
  request.demandScope('catalog:write')
  const { id: wanted, content } = parseProduct(request.json())
  return idempotent(request, { id: wanted, content }, async (writeId) => {
    const id = wanted ?? writeId
    return writeAnswer(id, await catalog.createProduct(id, content, { writeId, signal: request.signal }))
  })
})
