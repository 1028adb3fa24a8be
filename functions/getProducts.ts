import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { batchAnswer, listAnswer, productListOf } from '../lib/http/productList.ts'

const catalog = openCatalog()

/** Many products: those of given ids, or the newest of a category. */
export const handler = handle('GET /products', async (request) => {
  const list = productListOf(request)
  const { budgetMs, signal } = request
  return 'ids' in list
    ? batchAnswer(request, list.ids, await catalog.getProducts(list.ids, { budgetMs }))
    : listAnswer(request, list, await catalog.listProducts(list, { budgetMs, signal }))
})
