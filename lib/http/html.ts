import { renderCached } from './pageCache.ts'
import type { Problem } from './problem.ts'
import type { Provenance } from './provenance.ts'
import type { ApiRequest } from './request.ts'
import { type ApiResponse, documentResponse } from './response.ts'

/**
 * The headers of every page. Scripts and styles come only from files of the page's own origin. Pictures may come from
 * any encrypted origin. Data blocks such as JSON-LD are not scripts to a browser.
 */
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'strict-origin-when-cross-origin',
}

/**
 * Responds with a page, which caches may store as long as the document that it shows. The page is not rendered if the
 * caller already has it, or if the same document was rendered before.
 *
 * @param document everything that the page depends on, as text; the page's tag is a hash of it
 * @param provenance how the document was read
 */
export function pageResponse(
  request: ApiRequest,
  document: string,
  provenance: Provenance,
  render: () => string,
): ApiResponse {
  const response = documentResponse(request, document, provenance, pageHeaders)
  return response.statusCode === 200
    ? { ...response, body: renderCached(response.headers.etag ?? '', render) }
    : response
}

/** Returns a function that responds to an error with a page. */
export const errorPageResponse =
  (render: (problem: Problem) => string) =>
  (problem: Problem): ApiResponse => ({
    statusCode: problem.status,
    headers: { ...pageHeaders, 'cache-control': 'no-store', ...problem.headers },
    body: render(problem),
  })
