import { hash } from 'node:crypto'
import { isNoneMatch } from './conditional.ts'
import type { ApiRequest } from './request.ts'
import type { ApiResponse } from './response.ts'

/**
 * Answers with a file of text.
 *
 * @param cacheControl how long anybody may keep it
 */
export function fileAnswer(
  request: ApiRequest,
  { text, type, cacheControl }: { text: string; type: string; cacheControl: string },
): ApiResponse {
  const etag = `"f-${hash('sha256', text, 'base64url').slice(0, 22)}"`
  // Opened by itself, a picture is a document, and this one may do nothing.
  const headers = { etag, 'cache-control': cacheControl, 'content-security-policy': "default-src 'none'" }
  if (isNoneMatch(request.header('if-none-match'), etag)) return { statusCode: 304, headers }
  return { statusCode: 200, headers: { 'content-type': type, ...headers }, body: text }
}
