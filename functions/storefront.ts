import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { openCatalog } from '../lib/catalog/index.ts'
import type { ApiResponse } from '../lib/http/response.ts'
import { storefrontRoutes } from '../lib/storefront/routes.ts'

const routes = storefrontRoutes(openCatalog())

/** Serves the shop's HTML pages and their files, and answers every request that has no route. */
export const handler = (
  event: Partial<APIGatewayProxyEventV2>,
  context?: Partial<Context>,
): Promise<ApiResponse> => {
  // API Gateway sends the headers of an answer to HEAD, and not its body. So does Node.
  const route = routes[event.routeKey?.replace(/^HEAD /, 'GET ') ?? ''] ?? routes.any
  if (!route) throw new Error('The route for every other path is missing')
  return route(event, context)
}
