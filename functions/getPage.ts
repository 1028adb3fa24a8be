import { openCatalog } from '../lib/catalog/index.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { handle } from '../lib/http/handler.ts'
import { noSuchProduct } from '../lib/http/noSuchProduct.ts'
import { documentAnswer } from '../lib/http/response.ts'

const { pages, topProducts } = openCatalog(fromEnvironment())

/** The whole page is one entry; on a miss it is composed of what several reads of DynamoDB bring. */
export const handler = handle('GET /products/{id}/page', async (request) => {
  const id = request.productId()
  const page = await topProducts.counted(id, () => pages.get(id, { budgetMs: request.budgetMs }))
  if (page.body === undefined) throw noSuchProduct(id, page.status)
  return documentAnswer(request, page.body, page)
})
