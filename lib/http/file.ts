import { hash } from 'node:crypto'
import { isNoneMatch } from './conditional.ts'
import type { ApiRequest } from './request.ts'
import type { ApiResponse } from './response.ts'

/**
 * Responds with a text file.
 *
 * @param cacheControl the header `Cache-Control`
 */
export function fileResponse(
  request: ApiRequest,
  { text, type, cacheControl }: { text: string; type: string; cacheControl: string },
): ApiResponse {
  const etag = `"f-${hash('sha256', text, 'base64url').slice(0, 22)}"`
  // A browser that opens an SVG picture on its own treats it as a document. This policy lets the document load
  // nothing.
  const headers = { etag, 'cache-control': cacheControl, 'content-security-policy': "default-src 'none'" }
  if (isNoneMatch(request.header('if-none-match'), etag)) return { statusCode: 304, headers }
  return { statusCode: 200, headers: { 'content-type': type, ...headers }, body: text }
}
