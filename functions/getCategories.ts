import { openCatalog } from '../lib/catalog/index.ts'
import { handle } from '../lib/http/handler.ts'
import { documentResponse } from '../lib/http/response.ts'

const catalog = openCatalog()

/** Returns the category tree with the number of products in each category. */
export const handler = handle({ route: 'GET /categories' }, async (request) => {
  const tree = await catalog.getCategories({ budgetMs: request.budgetMs })
  return documentResponse(request, tree.body ?? '{"items":[]}', tree)
})
