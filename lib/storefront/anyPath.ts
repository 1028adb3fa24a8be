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
  if (!isProductId(id)) throw unknownPath(method, path)
  if (method !== 'GET' && method !== 'HEAD') throw unknownPath(method, `/p/${id}`)
  return redirectTo(`/p/${id}`)
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
 * Returns whether a person asked, who gets a page and no problem document: a browser accepts `text/html` by its name.
 * Below `/p` and `/c` everybody gets a page, and below `/assets` and `/pictures` nobody, because CloudFront forwards no
 * `Accept` there.
 */
export function wantsPage(event: Event): boolean {
  const path = pathOf(event)
  if (/^\/[pc](\/|$)/.test(path)) return true
  if (/^\/(assets|pictures)\//.test(path)) return false
  return (getHeader(event.headers, 'accept') ?? '').split(',').some(isHtml)
}

/** Whether this part of an `Accept` header accepts HTML. The weight 0 refuses it (RFC 9110, 12.4.2). */
function isHtml(range: string): boolean {
  const [type = '', ...parameters] = range.toLowerCase().split(';')
  return type.trim() === 'text/html' && !parameters.some((each) => /^\s*q=0(\.0*)?\s*$/.test(each))
}

/** Several slashes at the beginning count as one: locally resources/localServers.cjs adds one. */
const pathOf = ({ rawPath }: Event): string => (asString(rawPath) ?? '/').replace(/^\/+/, '/')
