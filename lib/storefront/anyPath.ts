import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { isProductId } from '../catalog/index.ts'
import { asString, getHeader } from '../http/header.ts'
import type { ApiResponse } from '../http/response.ts'
import { unknownPath } from '../http/unknownPath.ts'

type Event = Partial<APIGatewayProxyEventV2>

/**
 * Answers a request that has no route. API Gateway's own answer would be for programs alone.
 *
 * @throws {Problem} 404 or 405, unless the path is that of a product's page with slashes at its end
 */
export function answerAnyPath(event: Event): ApiResponse {
  const method = asString(event.requestContext?.http?.method) ?? 'GET'
  const path = pathOf(event)
  const [, id = ''] = /^\/p\/([^/]+)\/+$/.exec(path) ?? []
  if (isProductId(id) && (method === 'GET' || method === 'HEAD')) return redirectTo(`/p/${id}`)
  throw unknownPath(method, path)
}

/**
 * Redirects to the address that a page has.
 *
 * @param path of one page; no text that a client chose without a check
 */
export const redirectTo = (path: string): ApiResponse => ({
  statusCode: 308,
  headers: { location: path, 'cache-control': 'public, max-age=3600' },
})

/**
 * Returns whether a person asked, who gets a page and no problem document: a browser names `text/html`. Below `/p` and
 * `/c` the path alone decides, because CloudFront forwards no `Accept` for the shop's pages.
 */
export const wantsPage = (event: Event): boolean =>
  /^\/[pc](\/|$)/.test(pathOf(event)) || /\btext\/html\b/i.test(getHeader(event.headers, 'accept') ?? '')

/** Several slashes at the beginning count as one. */
const pathOf = ({ rawPath }: Event): string => (asString(rawPath) ?? '/').replace(/^\/+/, '/')
