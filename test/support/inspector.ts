import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { Inspector } from '../../lib/local/inspector/index.ts'
import { openRedisSwitch } from '../../lib/local/inspector/redisSwitch.ts'
import type { RequestRecord } from '../../lib/local/inspector/requestLog.ts'
import { startProxy } from '../../lib/local/proxy.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { startControl } from './control.ts'
import { fileCleanup } from './fileCleanup.ts'
import { freshHandlers } from './http.ts'
import { insertProducts } from './insertProducts.ts'
import { startNetwork } from './network.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/**
 * Starts the proxy and the inspector of `npm start` for timed tests. Behind them are only the functions getProduct
 * and patchProduct, instead of serverless-offline, and there is no stream. A process loads a function once, so call
 * this once in a test file. It stops after the file.
 *
 * @param ids the products in the database
 */
export async function startInspector(ids: string[]) {
  const afterFile = fileCleanup()
  const { db, table, call } = await freshHandlers()
  const network = await startNetwork()
  afterFile(() => network.worker.kill())
  const control = await startControl(network, afterFile)
  await insertProducts(db, table, 'shelf', ids)
  const redis = await startRedis({ binary: findRedisBinary() ?? 'redis-server' })
  afterFile(() => redis.stop('SIGKILL'))
  const client = new Redis(redis.url)
  afterFile(() => client.disconnect())
  const redisSwitch = await openRedisSwitch(redis.url)
  // The function reaches Redis through the switch, which can cut the connection.
  process.env.REDIS_URL = redisSwitch.url
  const api = createServer(async (request, response) => {
    const id = request.url?.split('/')[2] ?? ''
    const headers = request.headers as Record<string, string>
    const isPatch = request.method === 'PATCH'
    const answer = await call(isPatch ? 'patchProduct' : 'getProduct', {
      ...{ path: { id }, headers, ...(isPatch && { body: await text(request) }) },
    })
    response.writeHead(answer.statusCode, answer.headers).end(answer.body)
  })
  const [apiPort, port] = [await freePort(), await freePort()]
  await new Promise<void>((resolve) => api.listen(apiPort, '127.0.0.1', resolve))
  const config = { table, redisUrl: redisSwitch.url, dynamodbEndpoint: process.env.DYNAMODB_ENDPOINT }
  const dataDirectory = temporaryDirectory('aisle-inspector-')
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const inspector = new Inspector({ config, redis: redisSwitch, apiUrl, dataDirectory })
  const requests: RequestRecord[] = []
  inspector.requests.watch((request) => requests.push(request))
  const proxy = await startProxy({
    ...{ port, target: apiPort, requests: inspector.requests, inspector: inspector.handle },
    onResponse: (request) => void inspector.record(request),
  })
  afterFile(async () => {
    await proxy.stop()
    inspector.close()
    api.close()
    api.closeAllConnections()
    await redisSwitch.stop()
  })
  const url = `http://127.0.0.1:${port}`
  const read = (id = ids[0] ?? '') => fetch(`${url}/products/${id}`)
  return {
    ...{ control, table, client, redisSwitch, url, port, requests },
    /** Empties the Redis and reads until a read is a hit, because the first reads can exceed the time limit of the cache. */
    async reset() {
      await redisSwitch.set(true)
      await client.flushall()
      const status = async () => (await read()).headers.get('cache-status')
      await expect.poll(status, { timeout: 10_000 }).toMatch(/hit/)
      requests.length = 0
    },
    /** Sends the request of a button. On a page without a product the id is null. */
    async press(action: string, id: string | null = 'a') {
      const headers = { 'x-inspector': '1' }
      const query = id === null ? '' : `?id=${id}`
      const response = await fetch(`${url}/inspector/${action}${query}`, { method: 'POST', headers })
      return { status: response.status, ...((await response.json()) as { message: string }) }
    },
    read,
    /** Changes a product through the API, as another client does. */
    patch: (id: string, body: object) =>
      fetch(`${url}/products/${id}`, {
        ...{ method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } },
        body: JSON.stringify(body),
      }),
    /** Reads the state that the panel shows. On a page without a product the id is null. */
    readState: async (id: string | null): Promise<unknown> =>
      (await fetch(`${url}/inspector/${id === null ? 'redis' : `products/${id}`}`)).json(),
    /** Returns how many requests a panel would show that connects now. */
    recorded() {
      let count = 0
      inspector.requests.watch(() => count++)()
      return count
    },
  }
}
