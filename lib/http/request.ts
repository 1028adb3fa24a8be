import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { isProductId, productIdGrammar } from '../catalog/index.ts'
import { asString, getHeader } from './header.ts'
import { Problem } from './problem.ts'
import type { TokenContext } from './token.ts'

/** The largest request body, bytes: the largest product as this API returns it, with room for white space. */
const maxBodyBytes = 320 * 1024

/** The time that a function reserves at its end, ms: to remove entries from the cache, and after that to respond. */
const invalidateMs = 200
const respondMs = 200

/** What the authorizer adds to an event. Only routes with an authorizer have it. */
interface WithAuthorizer {
  authorizer?: { lambda?: TokenContext | null }
}

/** Rejects bytes that are not valid UTF-8 instead of replacing them. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * A request. Its parts are read and validated on demand. Every method that validates throws the {@link Problem} to
 * respond with.
 *
 * `serverless invoke local` passes on any event that it is given, so this class assumes nothing about the event.
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

  /** Returns the SKU of the path in the normal form in which it is stored (Unicode NFC). */
  sku(): string {
    return this.path('sku')?.normalize() ?? ''
  }

  /** Returns a header by its lower-case name. */
  header(name: string): string | undefined {
    return getHeader(this.#event.headers, name)
  }

  /** Returns a query parameter, or undefined if it was not sent. Unknown parameters are ignored. */
  query(name: string): string | undefined {
    const parameters = this.#event.queryStringParameters ?? {}
    return Object.hasOwn(parameters, name) ? (asString(parameters[name]) ?? '') : undefined
  }

  /** Returns a path parameter, decoded. */
  path(name: string): string | undefined {
    const parameters = this.#event.pathParameters ?? {}
    return Object.hasOwn(parameters, name) ? asString(parameters[name]) : undefined
  }

  /** Parses the body as JSON, sent as one of these media types. The default is `application/json`. */
  json(...mediaTypes: string[]): unknown {
    const accepted = mediaTypes.length > 0 ? mediaTypes : ['application/json']
    const { isBase64Encoded } = this.#event
    // The local emulator passes null if there is no body.
    const body = asString(this.#event.body) ?? ''
    // Checked before decoding: base64 text is a third longer than its content.
    const bytes = isBase64Encoded ? Math.floor((body.length * 3) / 4) : Buffer.byteLength(body)
    if (bytes > maxBodyBytes)
      throw new Problem(413, 'body-too-large', `The body must be at most ${maxBodyBytes} bytes`)
    const [type = ''] = (this.header('content-type') ?? '').split(';')
    if (!accepted.includes(type.trim().toLowerCase())) {
      throw new Problem(415, 'wrong-content-type', `Send the body as content-type: ${accepted.join(' or ')}`)
    }
    try {
      return JSON.parse(isBase64Encoded ? utf8.decode(Buffer.from(body, 'base64')) : body)
    } catch {
      throw new Problem(400, 'malformed-json', 'The body is not valid JSON in UTF-8')
    }
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

  /** Throws a 401 problem without a valid token, and a 403 problem if the token lacks this scope. */
  requireScope(scope: string): void {
    const granted = asString(this.#token?.scope)
    if (granted === undefined) {
      const detail = asString(this.#token?.refusal) ?? 'The request has no authorizer'
      // RFC 6750, 3.1: no error code if the request had no token.
      const wasSent = getHeader(this.#event.headers, 'authorization') !== undefined
      throw new Problem(401, 'no-valid-token', detail, {
        headers: { 'www-authenticate': wasSent ? 'Bearer error="invalid_token"' : 'Bearer' },
      })
    }
    if (!granted.split(' ').includes(scope)) {
      throw new Problem(403, 'insufficient-scope', `The token lacks the scope ${scope}`, {
        headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
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

  /** The function's remaining time, ms, less what it needs to remove entries from the cache and to respond. */
  get budgetMs(): number {
    return Math.max(0, this.deadline - performance.now() - invalidateMs)
  }
}
