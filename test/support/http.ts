import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { freePort } from '../../lib/local/server.ts'
import { freshTable } from './dynamodb.ts'

type Handler = (event: Partial<APIGatewayProxyEventV2>) => Promise<{
  statusCode: number
  headers: Record<string, string>
  body?: string
}>

/**
 * The handlers over a fresh table. Their Redis is away until the test starts one on `redisPort`, and they connect to
 * it as they would to one that comes back.
 */
export async function freshHandlers() {
  const { db, table, endpoint } = await freshTable()
  const redisPort = await freePort()
  Object.assign(process.env, {
    TABLE_NAME: table,
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    DYNAMODB_ENDPOINT: endpoint,
  })
  const getProduct = (await import('../../functions/getProduct.ts')).handler
  const putProduct = (await import('../../functions/putProduct.ts')).handler
  return { db, table, redisPort, get: calling(getProduct), put: calling(putProduct) }
}

/** A token's worth, as the authorizer passes it on. */
export const mayWrite = { subject: 'test', scope: 'catalog:write' }

interface Call {
  headers?: Record<string, string>
  /** Sent as JSON; a string as it is. */
  body?: unknown
  authorizer?: object | null
}

const calling =
  (handler: Handler) =>
  async (id: string, { headers = {}, body, authorizer = mayWrite }: Call = {}) => {
    const response = await handler({
      pathParameters: { id },
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      requestContext: { authorizer: { lambda: authorizer } } as never,
    })
    return { ...response, json: response.body === undefined ? undefined : JSON.parse(response.body) }
  }

/** What a writer must send at least. */
export const aProduct = {
  title: 'Moka pot',
  category: 'kitchen/coffee',
  price: { amount: 2900, currency: 'EUR' },
}
