import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { batchResponse, listResponse } from '../lib/http/productListResponse.ts'
import { parseProductQuery, productParameters } from '../lib/http/productQuery.ts'

const catalog = openCatalog()

/** Returns many products, by their ids or by their category. */
export const handler = handle({ route: 'GET /products', query: productParameters }, async (request) => {
  const query = parseProductQuery(request)
  const { budgetMs, signal } = request
  return 'ids' in query
    ? batchResponse(request, query.ids, await catalog.getProducts(query.ids, { budgetMs }))
    : listResponse(request, query, await catalog.listProducts(query, { budgetMs, signal }))
})
