import { openCatalog } from '../lib/catalog/index.ts'
import { createProduct } from '../lib/catalog/product/createProduct.ts'
import { parseProduct } from '../lib/catalog/product/product.ts'
import { fromEnvironment, required } from '../lib/clients/config.ts'
import { handle } from '../lib/http/handler.ts'
import { idempotent } from '../lib/http/idempotency.ts'
import { writeAnswer } from '../lib/http/response.ts'

const { db, table, products, also } = openCatalog(fromEnvironment())
const answers = required(process.env, 'IDEMPOTENCY_TABLE')
const route = 'POST /products'

/** Creates a product, under an id of its own where the caller names none. */
export const handler = handle(route, async (request) => {
  request.demandScope('catalog:write')
  const { id: wanted, content } = parseProduct(request.json())
  const payload = { id: wanted, content }
  return idempotent(request, { db, table: answers, route, payload }, async (writeId) => {
    const id = wanted ?? writeId
    const create = () => createProduct(db, table, id, content, writeId, request.signal)
    return writeAnswer(id, await products.write(id, create, { also }))
  })
})
