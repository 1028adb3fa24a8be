import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { isProductId, productIdGrammar } from '../catalog/index.ts'
import { Problem } from './problem.ts'
import type { TokenContext } from './token.ts'

/** The largest body that is read, bytes: a product of the largest size, as it is answered, with room for white space. */
const largestBody = 320 * 1024

/** What a function keeps of its time for its answer, and before that for removing entries from the cache, ms. */
const toAnswerMs = 200
const toInvalidateMs = 200

/** What the authorizer has put beside the request; only routes with an authorizer have it. */
interface WithAuthorizer {
  authorizer?: { lambda?: TokenContext | null }
}

/** Refuses bytes that are no UTF-8 instead of putting something else in their place. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What is no text is as if it were not there: no gateway sends it. */
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** A header by its name in lower case. API Gateway writes names so; the local emulator leaves them as they were sent. */
export function headerOf(
  headers: Record<string, string | undefined> | undefined,
  name: string,
): string | undefined {
  if (!headers) return undefined
  if (headers[name] !== undefined) return textOf(headers[name])
  // Most headers that are looked for were not sent, and the length tells most of those that were.
  for (const key in headers) {
    if (key.length === name.length && key.toLowerCase() === name) return textOf(headers[key])
  }
  return undefined
}

/**
 * A request, read on demand and checked as it is read. Every method throws the {@link Problem} that is the answer.
 *
 * `serverless invoke local` hands over whatever it is given, so nothing of the event is taken for granted.
 */
export class ApiRequest {
  readonly #event: Partial<APIGatewayProxyEventV2>
  readonly id: string | undefined
  /** When the answer has to be given up on, by performance.now(): after {@link budgetMs}, and before Lambda does. */
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
    this.deadline = now + leftMs - toAnswerMs
  }

  /** The product id of the path. */
  productId(): string {
    const id = this.path('id')
    if (id === undefined || !isProductId(id)) {
      throw new Problem(400, 'invalid-id', `A product id is ${productIdGrammar}`)
    }
    return id
  }

  /** The SKU of the path, as it is stored: in one normal form. */
  sku(): string {
    return this.path('sku')?.normalize() ?? ''
  }

  /** A header by its name in lower case. */
  header(name: string): string | undefined {
    return headerOf(this.#event.headers, name)
  }

  /** A parameter of the query; undefined where it was not sent. Those that are not known are nobody's business. */
  query(name: string): string | undefined {
    const parameters = this.#event.queryStringParameters ?? {}
    return Object.hasOwn(parameters, name) ? (textOf(parameters[name]) ?? '') : undefined
  }

  /** A parameter of the path, decoded. */
  path(name: string): string | undefined {
    const parameters = this.#event.pathParameters ?? {}
    return Object.hasOwn(parameters, name) ? textOf(parameters[name]) : undefined
  }

  /** The body as JSON, sent as one of these media types; by default as `application/json`. */
  json(...mediaTypes: string[]): unknown {
    const accepted = mediaTypes.length > 0 ? mediaTypes : ['application/json']
    const { isBase64Encoded } = this.#event
    // The local emulator says null where nothing was sent.
    const body = textOf(this.#event.body) ?? ''
    // Judged by the text before it is decoded: base64 takes a third more than what it holds.
    const bytes = isBase64Encoded ? Math.floor((body.length * 3) / 4) : Buffer.byteLength(body)
    if (bytes > largestBody)
      throw new Problem(413, 'body-too-large', `A body has at most ${largestBody} bytes`)
    const [type = ''] = (this.header('content-type') ?? '').split(';')
    if (!accepted.includes(type.trim().toLowerCase())) {
      throw new Problem(415, 'wrong-content-type', `Send the body as content-type: ${accepted.join(' or ')}`)
    }
    try {
      return JSON.parse(isBase64Encoded ? utf8.decode(Buffer.from(body, 'base64')) : body)
    } catch {
      throw new Problem(400, 'malformed-json', 'The body is no JSON in UTF-8')
    }
  }

  /** Whose token it is; undefined where the token does not say. */
  get subject(): string | undefined {
    return textOf(this.#token?.subject)
  }

  /** The body as a JSON merge patch; many clients know the second media type only. */
  mergePatch(): unknown {
    return this.json('application/merge-patch+json', 'application/json')
  }

  /** Refuses a caller without a valid token (401) or without this scope (403). */
  demandScope(scope: string): void {
    const allowed = textOf(this.#token?.scope)
    if (allowed === undefined) {
      const detail = textOf(this.#token?.refusal) ?? 'The request has no authorizer'
      // RFC 6750, 3.1: no error code for a request that brought no token at all.
      const sent = headerOf(this.#event.headers, 'authorization') !== undefined
      throw new Problem(401, 'no-valid-token', detail, {
        headers: { 'www-authenticate': sent ? 'Bearer error="invalid_token"' : 'Bearer' },
      })
    }
    if (!allowed.split(' ').includes(scope)) {
      throw new Problem(403, 'insufficient-scope', `The token lacks the scope ${scope}`, {
        headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
      })
    }
  }

  get #token(): TokenContext | null | undefined {
    return (this.#event.requestContext as WithAuthorizer | null | undefined)?.authorizer?.lambda
  }

  /** Aborts when {@link budgetMs} is over. */
  get signal(): AbortSignal | undefined {
    const { budgetMs } = this
    return Number.isFinite(budgetMs) ? AbortSignal.timeout(Math.floor(budgetMs)) : undefined
  }

  /** What is left of the function's own time, ms, less what it takes to invalidate and to answer. */
  get budgetMs(): number {
    return Math.max(0, this.deadline - performance.now() - toInvalidateMs)
  }
}
