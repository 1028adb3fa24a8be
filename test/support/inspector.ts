import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { Inspector } from '../../lib/local/inspector/index.ts'
import { openRedisSwitch } from '../../lib/local/inspector/redisSwitch.ts'
import type { Answered } from '../../lib/local/inspector/requests.ts'
import { startProxy } from '../../lib/local/proxy.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { startControl } from './control.ts'
import { untilFileEnds } from './ends.ts'
import { fill } from './fill.ts'
import { freshHandlers } from './http.ts'
import { startNetwork } from './network.ts'

/**
 * The front and the inspector of `npm start` before one function, getProduct, in the place of serverless-offline; a
 * ground for timed tests. Its functions are loaded once in a process, so one of it serves a test file, and ends with it.
 *
 * @param ids products that the database holds
 */
export async function startInspected(ids: string[]) {
  const ends = untilFileEnds()
  const { db, table, call } = await freshHandlers()
  const network = await startNetwork()
  ends(() => network.worker.kill())
  const control = await startControl(network, ends)
  await fill(db, table, 'shelf', ids)
  const redis = await startRedis({ binary: findRedisBinary() ?? 'redis-server' })
  ends(() => redis.stop('SIGKILL'))
  const client = new Redis(redis.url)
  ends(() => client.disconnect())
  const redisSwitch = await openRedisSwitch(redis.url)
  // The function reaches Redis by the way that can be cut.
  process.env.REDIS_URL = redisSwitch.url
  const api = createServer(async (request, response) => {
    const id = request.url?.split('/')[2] ?? ''
    const headers = request.headers as Record<string, string>
    const answer = await call('getProduct', { path: { id }, headers })
    response.writeHead(answer.statusCode, answer.headers).end(answer.body)
  })
  const [apiPort, port] = [await freePort(), await freePort()]
  await new Promise<void>((resolve) => api.listen(apiPort, '127.0.0.1', resolve))
  const config = { table, redisUrl: redisSwitch.url, dynamodbEndpoint: process.env.DYNAMODB_ENDPOINT }
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const inspector = new Inspector({ config, redis: redisSwitch, apiUrl, home: tmpdir() })
  const told: Answered[] = []
  inspector.requests.watch((answered) => told.push(answered))
  const front = await startProxy({
    ...{ port, target: apiPort, requests: inspector.requests, inspector: inspector.answer },
    onAnswered: (answered) => void inspector.tell(answered),
  })
  ends(async () => {
    await front.stop()
    inspector.close()
    api.close()
    api.closeAllConnections()
    await redisSwitch.stop()
  })
  const url = `http://127.0.0.1:${port}`
  const read = (id = ids[0] ?? '') => fetch(`${url}/products/${id}`)
  return {
    ...{ control, table, client, redisSwitch, url, port, told },
    /** An empty Redis that is used: the first reads may be too late for its time limit on a machine that has just begun. */
    async reset() {
      await redisSwitch.set(true)
      await client.flushall()
      const status = async () => (await read()).headers.get('cache-status')
      await expect.poll(status, { timeout: 10_000 }).toMatch(/hit/)
      told.length = 0
    },
    /** Presses a button. */
    async press(action: string, id = 'a') {
      const headers = { 'x-inspector': '1' }
      const response = await fetch(`${url}/inspector/${action}?id=${id}`, { method: 'POST', headers })
      return { status: response.status, ...((await response.json()) as { said: string }) }
    },
    read,
  }
}
