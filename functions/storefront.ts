import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { openCatalog } from '../lib/catalog/index.ts'
import type { ApiResponse } from '../lib/http/response.ts'
import { storefrontRoutes } from '../lib/storefront/routes.ts'

const routes = storefrontRoutes(openCatalog())

/** Serves the shop's HTML pages and their files. */
export const handler = (
  event: Partial<APIGatewayProxyEventV2>,
  context?: Partial<Context>,
): Promise<ApiResponse> => {
  const route = routes[event.routeKey ?? ''] ?? routes['GET *']
  if (!route) throw new Error('The route GET * is missing')
  return route(event, context)
}
