import { openCatalogWrites, parseReview } from '../lib/catalog/writes.ts'
import { handle } from '../lib/http/handler.ts'
import { idempotencyOf } from '../lib/http/idempotency.ts'
import { reviewAnswer } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'POST /products/{id}/reviews'
const idempotent = idempotencyOf(route, catalog.db)

/** Into DynamoDB with its rating; then product, page and reviews leave the cache. */
export const handler = handle(route, async (request) => {
  request.demandScope('reviews:write')
  const productId = request.productId()
  const draft = parseReview(request.json())
  return idempotent(request, { productId, draft }, async (id) =>
    reviewAnswer(productId, await catalog.postReview(productId, draft, { id, signal: request.signal })),
  )
})
