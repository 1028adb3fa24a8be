import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { documentAnswer, noSuchProduct } from '../lib/http/response.ts'

const catalog = openCatalog()

/** The whole page is one entry; on a miss it is composed of what several reads of DynamoDB bring. */
export const handler = handle('GET /products/{id}/page', async (request) => {
  const id = request.productId()
  const page = await catalog.getPage(id, { budgetMs: request.budgetMs })
  if (page.body === undefined) throw noSuchProduct(id, page.status)
  return documentAnswer(request, page.body, page)
})
