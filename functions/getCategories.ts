import { treeId } from '../lib/catalog/categories/categories.ts'
import { openCatalog } from '../lib/catalog/index.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { handle } from '../lib/http/handler.ts'
import { documentAnswer } from '../lib/http/response.ts'

const { categories } = openCatalog(fromEnvironment())

/** The whole tree is one entry. It follows the products by the table's stream, and then by the entry's life. */
export const handler = handle('GET /categories', async (request) => {
  const tree = await categories.get(treeId, { budgetMs: request.budgetMs })
  return documentAnswer(request, tree.body ?? '{"items":[]}', tree)
})
