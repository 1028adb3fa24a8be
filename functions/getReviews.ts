import { openCatalog } from '../lib/catalog/index.ts'
import { readReviews } from '../lib/catalog/reviews/readReviews.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { handle } from '../lib/http/handler.ts'
import { noSuchProduct } from '../lib/http/noSuchProduct.ts'
import { documentAnswer, type Provenance } from '../lib/http/response.ts'
import { withoutCursor } from '../lib/http/reviewPage.ts'

const { db, table, cursors, reviews } = openCatalog(fromEnvironment())

const pastTheCache: Provenance = { status: { hit: false, fwd: 'bypass', detail: 'cursor' } }

/** The first page from Redis; the next ones, which few ask for, straight from DynamoDB. */
export const handler = handle('GET /products/{id}/reviews', async (request) => {
  const id = request.productId()
  const cursor = request.query('cursor')
  const { text, from } =
    cursor === undefined ? await first(id, request.budgetMs) : await further(id, cursor, request.signal)
  if (text === undefined) throw noSuchProduct(id, from.status)
  const { body, next } = withoutCursor(text)
  const link = { link: `</products/${id}/reviews?cursor=${next}>; rel="next"` }
  return documentAnswer(request, body, from, next === undefined ? {} : link)
})

async function first(id: string, budgetMs: number) {
  const from = await reviews.get(id, { budgetMs })
  return { text: from.body, from }
}

async function further(id: string, cursor: string, signal: AbortSignal | undefined) {
  const page = await readReviews(db, table, cursors, id, { cursor, signal })
  return { text: page && JSON.stringify(page.value), from: pastTheCache }
}
