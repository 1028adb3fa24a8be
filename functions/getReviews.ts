import type { CacheStatus } from '../lib/cacheAside/index.ts'
import { openCatalog } from '../lib/catalog/open.ts'
import { readReviews } from '../lib/catalog/readReviews.ts'
import { fromEnvironment } from '../lib/config.ts'
import { handle } from '../lib/http/handler.ts'
import { noSuchProduct } from '../lib/http/noSuchProduct.ts'
import { documentAnswer } from '../lib/http/response.ts'
import { withoutCursor } from '../lib/http/reviewPage.ts'

const { db, table, cursors, reviews } = openCatalog(fromEnvironment())

const pastTheCache: CacheStatus = { hit: false, fwd: 'bypass', detail: 'cursor' }

/** The first page from Redis; the next ones, which few ask for, straight from DynamoDB. */
export const handler = handle('GET /products/{id}/reviews', async (request) => {
  const id = request.productId()
  const cursor = request.query('cursor')
  const { text, status } =
    cursor === undefined ? await first(id, request.budgetMs) : await further(id, cursor, request.signal)
  if (text === undefined) throw noSuchProduct(id, status)
  const { body, next } = withoutCursor(text)
  const link = { link: `</products/${id}/reviews?cursor=${next}>; rel="next"` }
  return documentAnswer(request, body, status, next === undefined ? {} : link)
})

async function first(id: string, budgetMs: number) {
  const { body: text, status } = await reviews.get(id, { budgetMs })
  return { text, status }
}

async function further(id: string, cursor: string, signal: AbortSignal | undefined) {
  const page = await readReviews(db, table, cursors, id, { cursor, signal })
  return { text: page && JSON.stringify(page.value), status: pastTheCache }
}
