import { openCatalog } from '../lib/catalog/index.ts'
import { patchProduct } from '../lib/catalog/product/patchProduct.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { preconditionOf } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { writeAnswer } from '../lib/http/response.ts'

const { db, table, products, also } = openCatalog(fromEnvironment())

/** Changes what the body names (RFC 7396) and leaves the rest. */
export const handler = handle('PATCH /products/{id}', async (request) => {
  request.demandScope('catalog:write')
  const id = request.productId()
  const precondition = preconditionOf(request.header('if-match'), request.header('if-none-match'))
  const change = request.json('application/merge-patch+json', 'application/json')
  const patch = () => patchProduct(db, table, id, change, precondition, request.signal)
  return writeAnswer(id, await products.write(id, patch, { also }))
})
