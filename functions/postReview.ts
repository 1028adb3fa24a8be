import { openCatalogWrites, parseReview } from '../lib/catalog/writes.ts'
import { handle } from '../lib/http/handler.ts'
import { createIdempotency } from '../lib/http/idempotency.ts'
import { reviewResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'POST /products/{id}/reviews'
const idempotent = createIdempotency(route, catalog.db)

/** Adds a review and its rating to DynamoDB, then removes the entries of product, page and reviews. */
export const handler = handle(route, async (request) => {
  request.requireScope('reviews:write')
  const productId = request.productId()
  const draft = parseReview(request.json())
  return idempotent(request, { productId, draft }, async (id) =>
    reviewResponse(productId, await catalog.postReview(productId, draft, { id, signal: request.signal })),
  )
})
