import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { onTestFinished } from 'vitest'
import { startFront } from '../../lib/local/front.ts'
import { Inspector } from '../../lib/local/inspector/index.ts'
import type { Answered } from '../../lib/local/inspector/requests.ts'
import { openRedisSwitch } from '../../lib/local/redisSwitch.ts'
import { freePort } from '../../lib/local/server.ts'
import { freshHandlers } from './http.ts'
import { freshRedis } from './redis.ts'

/**
 * The front and the inspector of `npm start` before one function, getProduct, in the place of serverless-offline. All of
 * it ends with the test. Its functions are loaded once in a process, so one of it serves a test file.
 */
export async function startInspected() {
  const { db, table, call } = await freshHandlers()
  const redis = await freshRedis()
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
  const front = await startFront({
    ...{ port, target: apiPort, requests: inspector.requests, inspector: inspector.answer },
    onAnswered: (answered) => void inspector.tell(answered),
  })
  onTestFinished(async () => {
    await front.stop()
    inspector.close()
    api.close()
    api.closeAllConnections()
    await redisSwitch.stop()
  })
  const url = `http://127.0.0.1:${port}`
  return {
    ...{ db, table, redis, redisSwitch, url, port, told },
    /** Presses a button. */
    async press(action: string, id = 'a') {
      const headers = { 'x-inspector': '1' }
      const response = await fetch(`${url}/inspector/${action}?id=${id}`, { method: 'POST', headers })
      return { status: response.status, ...((await response.json()) as { said: string }) }
    },
    read: (id = 'a') => fetch(`${url}/products/${id}`),
  }
}
