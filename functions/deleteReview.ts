import { openCatalogWrites } from '../lib/catalog/writes.ts'
import { handle } from '../lib/http/handler.ts'
import { deletedResponse } from '../lib/http/response.ts'

const catalog = openCatalogWrites()
const route = 'DELETE /products/{id}/reviews/{reviewId}'

/** Removes a review with its thread, or a reply, for its author or for a moderator. */
export const handler = handle({ route, scope: ['reviews:write', 'reviews:moderate'] }, async (request) => {
  const [productId, reviewId] = [request.productId(), request.reviewId()]
  const remover = { subject: request.subject, isModerator: request.hasScope('reviews:moderate') }
  const { signal } = request
  return deletedResponse(await catalog.deleteReview(productId, reviewId, { ...remover, signal }))
})
