import type { Problem } from './problem.ts'
import { rendered } from './rendered.ts'
import type { ApiRequest } from './request.ts'
import { type ApiResponse, documentAnswer, type Provenance } from './response.ts'

/**
 * Headers of every page. Nothing on it runs or looks but by files of its own origin; pictures may come from anywhere
 * that is encrypted. Data blocks, such as JSON-LD, are no scripts to a browser.
 */
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'strict-origin-when-cross-origin',
}

/**
 * Answers with a page, for as long as with the document that it shows. Where the caller has it, or the same document was
 * rendered before, it is not rendered.
 *
 * @param document all that the page depends on, as text: its tag is a hash of that
 * @param from how that came about
 */
export function pageAnswer(
  request: ApiRequest,
  document: string,
  from: Provenance,
  render: () => string,
): ApiResponse {
  const answer = documentAnswer(request, document, from, pageHeaders)
  return answer.statusCode === 200 ? { ...answer, body: rendered(answer.headers.etag ?? '', render) } : answer
}

/** Answers an error with a page. */
export const errorPageAnswer =
  (render: (status: number, detail: string) => string) =>
  (problem: Problem): ApiResponse => ({
    statusCode: problem.status,
    headers: { ...pageHeaders, 'cache-control': 'no-store', ...problem.headers },
    body: render(problem.status, problem.message),
  })
