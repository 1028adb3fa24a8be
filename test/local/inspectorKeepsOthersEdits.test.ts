import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { openCatalogUpkeep } from '../../lib/catalog/upkeep.ts'
import { actions } from '../../lib/local/inspector/actions.ts'
import { Refused } from '../../lib/local/inspector/catalogue.ts'
import { openRedisSwitch } from '../../lib/local/inspector/redisSwitch.ts'
import { Requests } from '../../lib/local/inspector/requests.ts'
import { freshFolder } from '../support/cli.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

test('the button that updates the price takes nothing back that somebody else wrote meanwhile', async () => {
  const { table, call } = await freshHandlers()
  const redis = await freshRedis()
  process.env.REDIS_URL = redis.url
  const variant = { sku: 's', options: { Size: 'M' }, price: aProduct.price, stock: 3 }
  await call('putProduct', { path: { id: 'a' }, body: { ...aProduct, variants: [variant] } })

  // One is sold after the button has read the product, and before its update arrives: the first time only.
  const merge = { 'content-type': 'application/merge-patch+json' }
  let sold = false
  const api = createServer(async (request, response) => {
    const sale = { path: { id: 'a', sku: 's' }, headers: merge, body: { stock: { add: -1 } } }
    if (!sold) await call('patchVariant', sale)
    sold = true
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
  const stage = {
    ...{ config, catalogue, requests: new Requests(), redis: redisSwitch, home: freshFolder() },
    apiUrl: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
  }
  const stored = async () => (await call('getProduct', { path: { id: 'a' } })).json

  await expect(actions.update(stage, 'a')).rejects.toThrow(Refused)
  expect(await stored()).toMatchObject({ price: aProduct.price, variants: [{ ...variant, stock: 2 }] })
  expect(await actions.update(stage, 'a')).toMatch(/29\.00 EUR became 28\.00 EUR/)
  expect(await stored()).toMatchObject({ price: { amount: 2800 }, variants: [{ stock: 2 }] })
})
