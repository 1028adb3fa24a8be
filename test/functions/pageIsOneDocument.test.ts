import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, put, redisPort } = await freshHandlers()
const read = (name: string, id = 'p') => call(name, { path: { id } })
const price = (amount: number) => ({ amount, currency: 'EUR' })
const body = { ...aProduct, variants: [{ sku: 'S', price: price(100), stock: 1 }] }

/** Returns how often Redis has run each command. */
async function countCommands(redis: Redis): Promise<Record<string, number>> {
  const stats = await redis.info('commandstats')
  return Object.fromEntries(
    [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)]
      .map(([, name = '', calls]): [string, number] => [name, Number(calls)])
      .filter(([name]) => name !== 'info'),
  )
}

test('the product page and the list of reviews are one entry each: a hit takes one Redis command, and the next read shows every write', async () => {
  await put('p', { body })
  await freshRedis({ port: redisPort })
  for (const name of ['getPage', 'getReviews']) {
    await expect
      .poll(async () => (await read(name)).headers['cache-status'], { timeout: 3000 })
      .toMatch(/hit/)
  }
  const redis = new Redis(redisPort)
  onTestFinished(() => redis.disconnect())

  // Keeps these reads out of the sample for the most-read list, which takes a command of its own.
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.99)
  for (const name of ['getPage', 'getReviews']) {
    const before = await countCommands(redis)
    const hit = await read(name)
    const after = await countCommands(redis)
    expect(hit.headers['cache-status']).toMatch(/^aisle; hit; ttl=\d+$/)
    expect(after).toEqual({ ...before, get: (before.get ?? 0) + 1 })
  }
  random.mockRestore()

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
