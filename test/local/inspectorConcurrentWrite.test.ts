import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { openCatalogUpkeep } from '../../lib/catalog/upkeep.ts'
import { findAction } from '../../lib/local/inspector/actions.ts'
import { RefusedAction } from '../../lib/local/inspector/catalogue.ts'
import { openRedisSwitch } from '../../lib/local/inspector/redisSwitch.ts'
import { RequestLog } from '../../lib/local/inspector/requestLog.ts'
import { freshDirectory } from '../support/cli.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

test('the inspector does not undo a concurrent write when it updates the price', async () => {
  const { table, call } = await freshHandlers()
  const redis = await freshRedis()
  process.env.REDIS_URL = redis.url
  const variant = { sku: 's', options: { Size: 'M' }, price: aProduct.price, stock: 3 }
  await call('putProduct', { path: { id: 'a' }, body: { ...aProduct, variants: [variant] } })

  // The first time, one piece is sold after the action has read the product and before its update arrives.
  const merge = { 'content-type': 'application/merge-patch+json' }
  let isSold = false
  const api = createServer(async (request, response) => {
    const sale = { path: { id: 'a', sku: 's' }, headers: merge, body: { stock: { add: -1 } } }
    if (!isSold) await call('patchVariant', sale)
    isSold = true
    const headers = request.headers as Record<string, string>
    const answer = await call('patchProduct', { path: { id: 'a' }, headers, body: await text(request) })
    response.writeHead(answer.statusCode, answer.headers).end(answer.body)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => api.once('listening', resolve))
  const redisSwitch = await openRedisSwitch(redis.url)
  const config = { table, redisUrl: redis.url, dynamodbEndpoint: process.env.DYNAMODB_ENDPOINT }
  const catalogue = openCatalogUpkeep(config)
  onTestFinished(async () => {
    catalogue.close()
    api.close().closeAllConnections()
    await redisSwitch.stop()
  })
  const context = {
    ...{
      config,
      catalogue,
      requests: new RequestLog(),
      redis: redisSwitch,
      changed: new Map(),
      dataDirectory: freshDirectory(),
    },
    apiUrl: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
  }
  const stored = async () => (await call('getProduct', { path: { id: 'a' } })).json

  const update = () => findAction('update', 'a')?.(context)
  await expect(update()).rejects.toThrow(RefusedAction)
  expect(await stored()).toMatchObject({ price: aProduct.price, variants: [{ ...variant, stock: 2 }] })
  expect(await update()).toMatch(/29\.00 EUR became 28\.00 EUR/)
  expect(await stored()).toMatchObject({ price: { amount: 2800 }, variants: [{ stock: 2 }] })
})
