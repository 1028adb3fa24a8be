import { openCatalog } from '../lib/catalog/index.ts'
import { parseProductWithId } from '../lib/catalog/product/product.ts'
import { putProduct } from '../lib/catalog/product/putProduct.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { preconditionOf } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { writeAnswer } from '../lib/http/response.ts'

const { db, table, products, also } = openCatalog(fromEnvironment())

/** Into DynamoDB first; then every entry of the product leaves the cache. */
export const handler = handle('PUT /products/{id}', async (request) => {
  request.demandScope('catalog:write')
  const id = request.productId()
  const precondition = preconditionOf(request.header('if-match'), request.header('if-none-match'))
  const content = parseProductWithId(id, request.json())
  const put = () => putProduct(db, table, id, content, precondition, request.signal)
  return writeAnswer(id, await products.write(id, put, { also }))
})
