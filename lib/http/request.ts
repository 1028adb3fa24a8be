import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { isProductId, productIdGrammar } from '../catalog/index.ts'
import { asString, getHeader } from './header.ts'
import { parseJsonBody } from './jsonBody.ts'
import { Problem } from './problem.ts'
import type { TokenContext } from './token.ts'

/** The time that a function reserves at its end, in ms: to remove entries from the cache, and after that to respond. */
const invalidateMs = 200
const respondMs = 200

/** What the authorizer adds to an event. Only routes with an authorizer have it. */
interface WithAuthorizer {
  authorizer?: { lambda?: TokenContext | null }
}

/**
 * A request. Its parts are read and validated on demand. Every method that validates throws the {@link Problem} to
 * respond with.
 *
 * `serverless invoke local` passes on any event that it receives, so this class assumes nothing about the event.
 */
export class ApiRequest {
  readonly #event: Partial<APIGatewayProxyEventV2>
  readonly id: string | undefined
  /**
   * When the request must have its response, by performance.now(): after {@link budgetMs}, and before Lambda's
   * timeout.
   */
  readonly deadline: number

  /** @param now by performance.now() */
  constructor(
    event: Partial<APIGatewayProxyEventV2> | null,
    context: Partial<Context> | undefined,
    now = performance.now(),
  ) {
    this.#event = event ?? {}
    this.id = context?.awsRequestId
    const leftMs = context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY
    this.deadline = now + leftMs - respondMs
  }

  /** Returns the product id of the path. */
  productId(): string {
    const id = this.path('id')
    if (id === undefined || !isProductId(id)) {
      throw new Problem(400, 'invalid-id', `A product id is ${productIdGrammar}`)
    }
    return id
  }

  /** Returns the review id of the path. */
  reviewId(): string {
    const id = this.path('reviewId')
    if (id === undefined || !isProductId(id)) {
      throw new Problem(400, 'invalid-id', `A review id is ${productIdGrammar}`)
    }
    return id
  }

  /** Returns the SKU of the path in the normal form in which it is stored (Unicode NFC). */
  sku(): string {
    return this.path('sku')?.normalize() ?? ''
  }

  /** Returns a header by its lower-case name. */
  header(name: string): string | undefined {
    return getHeader(this.#event.headers, name)
  }

  /**
   * Throws a 400 problem if the request has a query parameter that is not known. If it were ignored, its sender would
   * believe that it works.
   */
  checkQuery(known: readonly string[]): void {
    const parameters = this.#event.queryStringParameters
    if (!parameters) return
    for (const name in parameters) if (!known.includes(name)) throw unknownParameter(name, known)
  }

  /**
   * Returns a query parameter, or undefined if it was not sent. API Gateway joins the values of a repeated parameter by
   * commas.
   */
  query(name: string): string | undefined {
    const parameters = this.#event.queryStringParameters ?? {}
    return Object.hasOwn(parameters, name) ? (asString(parameters[name]) ?? '') : undefined
  }

  /** Returns a path parameter, which the gateway has decoded. */
  path(name: string): string | undefined {
    const parameters = this.#event.pathParameters ?? {}
    return Object.hasOwn(parameters, name) ? asString(parameters[name]) : undefined
  }

  /** Parses the body as JSON, sent as one of these media types. The default is `application/json`. */
  json(...mediaTypes: string[]): unknown {
    const accepted = mediaTypes.length > 0 ? mediaTypes : ['application/json']
    const body = {
      // The local emulator passes null if there is no body.
      text: asString(this.#event.body) ?? '',
      isBase64: Boolean(this.#event.isBase64Encoded),
      contentType: this.header('content-type'),
      contentEncoding: this.header('content-encoding'),
    }
    return parseJsonBody(body, accepted)
  }

  /**
   * Parses the body as a JSON merge patch. Many clients can send only `application/json`, so that is accepted too.
   */
  mergePatch(): unknown {
    return this.json('application/merge-patch+json', 'application/json')
  }

  /** The subject of the token, or undefined if it names none. */
  get subject(): string | undefined {
    return asString(this.#token?.subject)
  }

  /** The user that the token names. Its name is as the issuer wrote it. */
  get user(): { subject: string | undefined; name: string | undefined } {
    return { subject: this.subject, name: asString(this.#token?.name) }
  }

  /** Whether the token is valid and has this scope. */
  hasScope(scope: string): boolean {
    return (asString(this.#token?.scope) ?? '').split(' ').includes(scope)
  }

  /**
   * Throws a 401 problem if the request has no valid token, a 403 problem if the token has none of these scopes, and a
   * 503 problem if the token cannot be checked.
   */
  requireScope(...scopes: string[]): void {
    const granted = asString(this.#token?.scope)
    if (granted === undefined) {
      const unavailable = asString(this.#token?.unavailable)
      if (unavailable !== undefined) {
        throw new Problem(503, 'token-keys-unavailable', unavailable, {
          // Before that, the authorizer does not ask for the keys again (issuerKeys.ts).
          headers: { 'retry-after': '5' },
        })
      }
      const detail = asString(this.#token?.refusal) ?? 'The route has no authorizer: see serverless.yml'
      // RFC 6750, 3.1: no error code if the request had no token.
      const wasSent = getHeader(this.#event.headers, 'authorization') !== undefined
      throw new Problem(401, 'no-valid-token', detail, {
        headers: { 'www-authenticate': wasSent ? 'Bearer error="invalid_token"' : 'Bearer' },
      })
    }
    if (!scopes.some((scope) => this.hasScope(scope))) {
      throw new Problem(403, 'insufficient-scope', `The token lacks the scope ${scopes.join(' or ')}`, {
        // Names only the first, since in this header several would mean all of them.
        headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scopes[0]}"` },
      })
    }
  }

  get #token(): TokenContext | null | undefined {
    return (this.#event.requestContext as WithAuthorizer | null | undefined)?.authorizer?.lambda
  }

  /** Aborts when {@link budgetMs} has run out. */
  get signal(): AbortSignal | undefined {
    const { budgetMs } = this
    return Number.isFinite(budgetMs) ? AbortSignal.timeout(Math.floor(budgetMs)) : undefined
  }

  /** The function's remaining time, in ms, less what it needs to remove entries from the cache and to respond. */
  get budgetMs(): number {
    return Math.max(0, this.deadline - performance.now() - invalidateMs)
  }
}

/** The longest name of a query parameter that a problem repeats, characters. */
const longestName = 100

function unknownParameter(name: string, known: readonly string[]): Problem {
  const shown = JSON.stringify(name.length > longestName ? `${name.slice(0, longestName)}…` : name)
  const rest = known.length === 0 ? 'It takes none' : `It takes ${known.join(', ')}`
  return new Problem(400, 'unknown-parameter', `This request has no query parameter ${shown}. ${rest}`)
}
