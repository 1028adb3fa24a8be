import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { documentAnswer } from '../lib/http/response.ts'

const catalog = openCatalog()

/** The whole tree of categories with the number of products in each. */
export const handler = handle('GET /categories', async (request) => {
  const tree = await catalog.getCategories({ budgetMs: request.budgetMs })
  return documentAnswer(request, tree.body ?? '{"items":[]}', tree)
})
