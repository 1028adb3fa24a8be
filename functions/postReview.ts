import { openCatalog } from '../lib/catalog/index.ts'
import { postReview } from '../lib/catalog/reviews/postReview.ts'
import { parseReview } from '../lib/catalog/reviews/review.ts'
import { fromEnvironment, required } from '../lib/clients/config.ts'
import { handle } from '../lib/http/handler.ts'
import { idempotent } from '../lib/http/idempotency.ts'

const { db, table, products, also } = openCatalog(fromEnvironment())
const idempotencyTable = required(process.env, 'IDEMPOTENCY_TABLE')
const route = 'POST /products/{id}/reviews'

/** Into DynamoDB with its rating; then product, page and reviews leave the cache. */
export const handler = handle(route, async (request) => {
  request.demandScope('reviews:write')
  const productId = request.productId()
  const draft = parseReview(request.json())
  const payload = { productId, draft }
  return idempotent(request, { db, table: idempotencyTable, route, payload }, async (id) => {
    const { signal } = request
    // What the product is like now nobody tells: a transaction hands nothing back.
    const commit = async () => ({
      value: undefined,
      version: 0,
      review: await postReview(db, table, productId, draft, id, signal),
    })
    const { review, invalidation } = await products.write(productId, commit, { also })
    return {
      statusCode: 201,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'cache-status': `aisle; fwd=method; detail=invalidation-${invalidation}`,
        location: `/products/${productId}/reviews#${review.id}`,
      },
      body: JSON.stringify(review),
    }
  })
})
