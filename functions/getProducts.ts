import { openCatalog } from '../lib/catalog/index.ts'
import { mostCategories } from '../lib/catalog/listing/listing.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { handle } from '../lib/http/handler.ts'
import { howManyFit } from '../lib/http/largestAnswer.ts'
import { listedProducts } from '../lib/http/listedProducts.ts'
import { Problem } from '../lib/http/problem.ts'
import { demandAll, nextPage, productListOf } from '../lib/http/productList.ts'
import type { Request } from '../lib/http/request.ts'
import { documentAnswer, type Response } from '../lib/http/response.ts'
import { together } from '../lib/http/together.ts'

const catalog = openCatalog(fromEnvironment())

/** Many products: those of given ids, or the newest of a category. */
export const handler = handle('GET /products', async (request) => {
  const list = productListOf(request)
  return 'ids' in list ? batch(request, list.ids) : listing(request, list)
})

/** All from Redis in one round trip; what it lacks from DynamoDB in another. */
async function batch(request: Request, ids: string[]): Promise<Response> {
  const results = demandAll(await catalog.products.getMany(ids, { budgetMs: request.budgetMs }))
  const bodies = results.flatMap(({ body }) => body ?? [])
  if (howManyFit(bodies) < bodies.length)
    throw new Problem(413, 'answer-too-large', 'These products are too large for one answer: ask for fewer')
  const missing = JSON.stringify(ids.filter((_, index) => results[index]?.body === undefined))
  const body = `{"items":[${bodies.join()}],"missing":${missing}}`
  return documentAnswer(request, body, together(results))
}

async function listing(
  request: Request,
  query: { category: string; limit: number; cursor: string | undefined },
): Promise<Response> {
  const { results, positions, more, categories, parts, next } = await listedProducts(catalog, request, query)
  if (categories > mostCategories) {
    const detail = `There are ${categories - 1} categories below ${query.category}, and at most ${mostCategories - 1} are listed together: ask for one of them`
    throw new Problem(400, 'category-too-broad', detail)
  }
  const room = howManyFit(results.map(({ body }) => body ?? ''))
  const last = more || room < results.length ? positions[room - 1] : undefined
  const bodies = results.slice(0, room).flatMap(({ body }) => body ?? [])
  const headers = last === undefined ? {} : nextPage(request, await next(last))
  return documentAnswer(request, `{"items":[${bodies.join()}]}`, together(parts), headers)
}
