import { openCatalogWrites, parseProductWithId } from '../lib/catalog/writes.ts'
import { parsePrecondition } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { writeResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()

/** Writes a product to DynamoDB, then removes every entry that shows it. */
export const handler = handle({ route: 'PUT /products/{id}', scope: 'catalog:write' }, async (request) => {
  const id = request.productId()
  const precondition = parsePrecondition(request)
  const content = parseProductWithId(id, request.json())
  return writeResponse(id, await catalog.putProduct(id, content, { precondition, signal: request.signal }))
})
