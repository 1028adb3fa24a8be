import { openCatalog } from '../lib/catalog/index.ts'
import { deleteProduct } from '../lib/catalog/product/deleteProduct.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { preconditionOf } from '../lib/http/conditional.ts'
import { handle } from '../lib/http/handler.ts'
import { deletedAnswer } from '../lib/http/response.ts'

const { db, table, products, also } = openCatalog(fromEnvironment())

/** Leaves a tombstone in the product's place; its reviews go with it. */
export const handler = handle('DELETE /products/{id}', async (request) => {
  request.demandScope('catalog:write')
  const id = request.productId()
  const precondition = preconditionOf(request.header('if-match'), request.header('if-none-match'))
  const remove = () => deleteProduct(db, table, id, precondition, request.signal)
  return deletedAnswer(await products.write(id, remove, { also }))
})
