import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, put, redisPort } = await freshHandlers()
const read = (name: string, id = 'p') => call(name, { path: { id } })
const price = (amount: number) => ({ amount, currency: 'EUR' })
const body = { ...aProduct, variants: [{ sku: 'S', price: price(100), stock: 1 }] }

/** What Redis was asked to do, by command. */
async function commands(redis: Redis): Promise<Record<string, number>> {
  const stats = await redis.info('commandstats')
  return Object.fromEntries(
    [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)]
      .map(([, name = '', calls]): [string, number] => [name, Number(calls)])
      .filter(([name]) => name !== 'info'),
  )
}

test('a page and a list of reviews are one entry each: a hit is one command to Redis, and a write of anything on it is on the next read', async () => {
  await put('p', { body })
  await freshRedis({ port: redisPort })
  for (const name of ['getPage', 'getReviews']) {
    await expect
      .poll(async () => (await read(name)).headers['cache-status'], { timeout: 3000 })
      .toMatch(/hit/)
  }
  const redis = new Redis(redisPort)
  onTestFinished(() => redis.disconnect())

  for (const name of ['getPage', 'getReviews']) {
    const before = await commands(redis)
    const hit = await read(name)
    const after = await commands(redis)
    expect(hit.headers['cache-status']).toMatch(/^aisle; hit; ttl=\d+$/)
    expect(after).toEqual({ ...before, get: (before.get ?? 0) + 1 })
  }

  // The price and stock of a variant.
  const variants = [{ sku: 'S', price: price(80), stock: 0 }]
  await put('p', { body: { ...body, title: 'Cheaper', variants } })
  const cheaper = await read('getPage')
  expect(cheaper.headers['cache-status']).toMatch(/fwd=uri-miss; stored/)
  expect(cheaper.json).toMatchObject({
    product: { title: 'Cheaper' },
    offers: { lowPrice: price(80), items: [{ price: price(80), availability: 'out-of-stock' }] },
    stock: 0,
  })
  expect((await read('getPage')).headers['cache-status']).toMatch(/hit/)

  // A review, and a reply to it.
  const review = await call('postReview', {
    path: { id: 'p' },
    body: { rating: 2, body: 'Leaks', author: 'Ana' },
  })
  expect((await read('getPage')).json).toMatchObject({
    rating: { average: 2, count: 1 },
    reviews: [review.json],
  })
  expect((await read('getPage')).headers['cache-status']).toMatch(/hit/)
  const reply = await call('postReview', {
    path: { id: 'p' },
    body: { parentId: review.json.id, body: 'Sorry', author: 'Shop' },
  })
  const replied = await read('getPage')
  expect(replied.json.reviews[0].replies).toEqual([reply.json])
  expect(replied.json.product.version).toBeGreaterThan(cheaper.json.product.version)
})
