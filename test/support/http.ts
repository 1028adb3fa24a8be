import type { APIGatewayProxyEventV2, APIGatewayProxyEventV2WithLambdaAuthorizer, Context } from 'aws-lambda'
import { freePort } from '../../lib/local/servers/ports.ts'
import { freshTables, type TableOptions } from './dynamodb.ts'

export type Handler = (
  event: Partial<APIGatewayProxyEventV2>,
  context?: Partial<Context>,
) => Promise<{ statusCode: number; headers: Record<string, string>; body?: string }>

/** A request of a test. */
export interface Call {
  /** Required for a function with several routes, for example `GET /p/{id}`. */
  route?: string
  /** The path parameters. */
  path?: Record<string, string>
  query?: Record<string, string>
  headers?: Record<string, string>
  /** Sent as JSON. A string is sent unchanged. */
  body?: unknown
  /** The result of the authorizer. By default the caller may write. */
  authorizer?: object | null
  context?: Partial<Context>
}

/** The last 1,000 lines that the handlers have logged, the newest last. */
const lines: string[] = []

/** Redirects the handlers' log lines from standard output to the console, which Vitest shows for failed tests only. */
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

/** The result of the authorizer for a token that allows every write. */
export const mayWrite = {
  subject: 'test',
  name: 'Test',
  scope: 'catalog:write reviews:write reviews:moderate',
}

/**
 * Creates tables, and returns functions that call the handlers with them. The first call of a handler loads it by the
 * name of its file. The handlers have no Redis until the test starts one on `redisPort`, to which they then reconnect.
 */
export async function freshHandlers(options: TableOptions = {}) {
  const { db, table, idempotencyTable, endpoint } = await freshTables(options)
  const redisPort = await freePort()
  Object.assign(process.env, {
    TABLE_NAME: table,
    IDEMPOTENCY_TABLE: idempotencyTable,
    STOREFRONT_ORIGINS: 'https://shop.example,https://other.example',
    STOREFRONT_URL: 'https://shop.example',
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    DYNAMODB_ENDPOINT: endpoint,
  })
  captureLog()
  /** Calls a handler with any JSON as its event, including events that API Gateway never sends. */
  const callWithEvent = async (name: string, event: unknown, context?: Partial<Context>) => {
    const { handler }: { handler: (...args: [unknown, Partial<Context>?]) => ReturnType<Handler> } =
      await import(`../../functions/${name}.ts`)
    const response = await handler(event, context)
    const isJson = response.body !== undefined && /[/+]json$/.test(response.headers['content-type'] ?? '')
    return { ...response, json: isJson ? JSON.parse(response.body ?? '') : undefined }
  }
  const call = (name: string, request: Call = {}) => callWithEvent(name, toEvent(request), request.context)
  const forProduct =
    (name: string) =>
    (id: string, request: Call = {}) =>
      call(name, { ...request, path: { id, ...request.path } })
  /** Returns the last lines of the log. */
  const lastLines = (count = 1) => lines.slice(-count)
  return {
    ...{ db, table, redisPort, lastLines, call, callWithEvent },
    ...{ get: forProduct('getProduct'), put: forProduct('putProduct') },
  }
}

type RequestContext = APIGatewayProxyEventV2WithLambdaAuthorizer<object | null>['requestContext']

/** Creates the event that API Gateway sends for a request (payload format 2.0), with the parts that a handler reads. */
export function toEvent({ route, path = {}, query, headers = {}, body, authorizer = mayWrite }: Call) {
  return {
    ...(route !== undefined && { routeKey: route }),
    pathParameters: path,
    ...(query && { queryStringParameters: query }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    requestContext: { authorizer: { lambda: authorizer } } as RequestContext,
  }
}

/** The smallest valid product. */
export const aProduct = {
  title: 'Moka pot',
  category: 'kitchen/coffee',
  price: { amount: 2900, currency: 'EUR' },
}
