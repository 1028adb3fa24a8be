import { openCatalogWrites, parseReview, parseReviewer } from '../lib/catalog/writes.ts'
import { handle } from '../lib/http/handler.ts'
import { createIdempotency } from '../lib/http/idempotency.ts'
import { reviewResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'POST /products/{id}/reviews'
const idempotent = createIdempotency(route, catalog.db)

/** Adds a review and its rating to DynamoDB, then removes the entries of product, page and reviews. */
export const handler = handle({ route, scope: 'reviews:write' }, async (request) => {
  const reviewer = parseReviewer(request.user, request.hasScope('catalog:write'))
  const productId = request.productId()
  const draft = parseReview(request.json(), reviewer)
  return idempotent(request, { productId, draft }, async (keyed) =>
    reviewResponse(productId, await catalog.postReview(productId, draft, { keyed, signal: request.signal })),
  )
})
