import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { freePort } from '../../lib/local/servers/server.ts'
import { freshTables } from './dynamodb.ts'

export type Handler = (
  event: Partial<APIGatewayProxyEventV2>,
  context?: Partial<Context>,
) => Promise<{ statusCode: number; headers: Record<string, string>; body?: string }>

/** A request as a test states it. */
export interface Call {
  /** For a function that has several, such as `GET /p/{id}`. */
  route?: string
  /** Parameters of the path. */
  path?: Record<string, string>
  query?: Record<string, string>
  headers?: Record<string, string>
  /** Sent as JSON; a string as it is. */
  body?: unknown
  /** The authorizer's word; by default that the caller may write. */
  authorizer?: object | null
  context?: Partial<Context>
}

/** What the handlers have logged, the newest last; only so many. */
const lines: string[] = []

/** Takes the handlers' lines from standard output, and shows them where a test's own output is shown. */
function captureLog() {
  const write = process.stdout.write
  process.stdout.write = ((text: unknown, ...rest: never[]) => {
    if (typeof text !== 'string' || !text.startsWith('{"level":'))
      return write.call(process.stdout, text as string, ...rest)
    lines.push(...text.trimEnd().split('\n'))
    lines.splice(0, lines.length - 1000)
    console.log(text.trimEnd())
    return true
  }) as typeof write
}

/** A token's worth, as the authorizer passes it on. */
export const mayWrite = { subject: 'test', scope: 'catalog:write reviews:write' }

/**
 * The handlers over fresh tables; a handler is loaded with its first call, by the name of its file. Their Redis is away
 * until the test starts one on `redisPort`, and they connect to it as they would to one that comes back.
 */
export async function freshHandlers() {
  const { db, table, idempotencyTable, endpoint } = await freshTables()
  const redisPort = await freePort()
  Object.assign(process.env, {
    TABLE_NAME: table,
    IDEMPOTENCY_TABLE: idempotencyTable,
    STOREFRONT_ORIGINS: 'https://shop.example,https://other.example',
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    DYNAMODB_ENDPOINT: endpoint,
  })
  captureLog()
  const call = async (name: string, request: Call = {}) => {
    const { handler }: { handler: Handler } = await import(`../../functions/${name}.ts`)
    const response = await handler(eventOf(request), request.context)
    const isJson = response.body !== undefined && /[/+]json$/.test(response.headers['content-type'] ?? '')
    return { ...response, json: isJson ? JSON.parse(response.body ?? '') : undefined }
  }
  const ofProduct =
    (name: string) =>
    (id: string, request: Call = {}) =>
      call(name, { ...request, path: { id, ...request.path } })
  /** The last lines of log, as they were written. */
  const lastLines = (count = 1) => lines.slice(-count)
  return { db, table, redisPort, lastLines, call, get: ofProduct('getProduct'), put: ofProduct('putProduct') }
}

/** The event that API Gateway makes of a request (payload format 2.0), as far as a handler looks at it. */
export function eventOf({ route, path = {}, query, headers = {}, body, authorizer = mayWrite }: Call) {
  return {
    ...(route !== undefined && { routeKey: route }),
    pathParameters: path,
    ...(query && { queryStringParameters: query }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    requestContext: { authorizer: { lambda: authorizer } } as never,
  }
}

/** What a writer must send at least. */
export const aProduct = {
  title: 'Moka pot',
  category: 'kitchen/coffee',
  price: { amount: 2900, currency: 'EUR' },
}
