import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { isProductId, productIdGrammar } from '../catalog/id.ts'
import { Problem } from './problem.ts'
import type { TokenContext } from './token.ts'

/** The largest body that is read, bytes: a product of the largest size, as it is answered, with room for white space. */
const largestBody = 320 * 1024

/** What the authorizer has put beside the request; only routes with an authorizer have it. */
interface WithAuthorizer {
  authorizer?: { lambda?: TokenContext | null }
}

/** Refuses bytes that are no UTF-8 instead of putting something else in their place. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A header by its name in lower case. API Gateway writes names so; the local emulator leaves them as they were sent. */
export function headerOf(
  headers: Record<string, string | undefined> | undefined,
  name: string,
): string | undefined {
  return headers?.[name] ?? Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]
}

/**
 * A request, read on demand and checked as it is read. Every method throws the {@link Problem} that is the answer.
 *
 * `serverless invoke local` hands over whatever it is given, so nothing of the event is taken for granted.
 */
export class Request {
  readonly #event: Partial<APIGatewayProxyEventV2>
  readonly #context: Partial<Context>

  constructor(event: Partial<APIGatewayProxyEventV2> | null, context: Partial<Context> | undefined) {
    this.#event = event ?? {}
    this.#context = context ?? {}
  }

  get id(): string | undefined {
    return this.#context.awsRequestId
  }

  /** The product id of the path. */
  productId(): string {
    const id = this.#event.pathParameters?.id
    if (id === undefined || !isProductId(id)) {
      throw new Problem(400, 'invalid-id', `A product id is ${productIdGrammar}`)
    }
    return id
  }

  /** A header by its name in lower case. */
  header(name: string): string | undefined {
    return headerOf(this.#event.headers, name)
  }

  /** The body as JSON. */
  json(): unknown {
    const { isBase64Encoded } = this.#event
    // The local emulator says null where nothing was sent.
    const body = this.#event.body ?? ''
    // Judged by the text before it is decoded: base64 takes a third more than what it holds.
    const bytes = isBase64Encoded ? Math.floor((body.length * 3) / 4) : Buffer.byteLength(body)
    if (bytes > largestBody)
      throw new Problem(413, 'body-too-large', `A body has at most ${largestBody} bytes`)
    const type = this.header('content-type') ?? ''
    if (!/^application\/json\s*(;|$)/i.test(type)) {
      throw new Problem(415, 'wrong-content-type', 'Send the body as content-type: application/json')
    }
    try {
      return JSON.parse(isBase64Encoded ? utf8.decode(Buffer.from(body, 'base64')) : body)
    } catch {
      throw new Problem(400, 'malformed-json', 'The body is no JSON in UTF-8')
    }
  }

  /** Refuses a caller without a valid token (401) or without this scope (403). */
  demandScope(scope: string): void {
    const token = (this.#event.requestContext as WithAuthorizer | undefined)?.authorizer?.lambda
    if (token?.scope === undefined) {
      const detail = token?.refusal ?? 'The request has no authorizer'
      // RFC 6750, 3.1: no error code for a request that brought no token at all.
      const sent = headerOf(this.#event.headers, 'authorization') !== undefined
      throw new Problem(401, 'no-valid-token', detail, {
        headers: { 'www-authenticate': sent ? 'Bearer error="invalid_token"' : 'Bearer' },
      })
    }
    if (!token.scope.split(' ').includes(scope)) {
      throw new Problem(403, 'insufficient-scope', `The token lacks the scope ${scope}`, {
        headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
      })
    }
  }

  /** Aborts when {@link budgetMs} is over. */
  get signal(): AbortSignal | undefined {
    const { budgetMs } = this
    return Number.isFinite(budgetMs) ? AbortSignal.timeout(budgetMs) : undefined
  }

  /** What is left of the function's own time, ms, less what it takes to invalidate and to answer. */
  get budgetMs(): number {
    const left = this.#context.getRemainingTimeInMillis?.()
    return left === undefined ? Number.POSITIVE_INFINITY : Math.max(0, left - 400)
  }
}
