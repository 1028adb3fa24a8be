import { expect, onTestFinished, test } from 'vitest'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, get, put, redisPort } = await freshHandlers()

/** Starts Redis, and returns a client of it once the handlers are connected to it too. */
async function connectToRedis() {
  await freshRedis({ port: redisPort })
  const redis = connectRedis(`redis://127.0.0.1:${redisPort}`)
  onTestFinished(() => redis.disconnect())
  await put('a', { body: aProduct })
  await expect.poll(async () => (await get('a')).headers['cache-status']).toMatch(/^aisle; hit/)
  return redis
}

const withTimeout = { getRemainingTimeInMillis: () => 3_000 }

test.each([
  ['the categories', 'tools', 'categories', 'tree', {}],
  ['a part of the list', 'pans', 'listing', 'pans|', withTimeout],
  ['a product of the list', 'pots', 'product', 'pots1', withTimeout],
])(
  'a list is answered although another process holds the lease of %s and never returns',
  async (_, category, name, id, context) => {
    await insertProducts(db, table, category, [`${category}1`, `${category}2`])
    const redis = await connectToRedis()
    const stuck = createCacheAside({
      ...{ redis, prefix: table, name },
      ...{ loadTimeoutMs: 20_000, leaseMs: 21_000, waitMs: 22_000 },
      load: () => new Promise<never>(() => {}),
    })
    const stuckLoad = stuck.get(id, { budgetMs: 4_000 }).catch(() => {})
    await expect.poll(() => redis.get(stuck.key(id))).toMatch(/^L/)

    const list = await call('getProducts', { query: { category }, context })
    expect(list).toMatchObject({ statusCode: 200 })
    expect(list.json.items.map(({ id }: { id: string }) => id)).toEqual([`${category}2`, `${category}1`])
    redis.disconnect()
    await stuckLoad
  },
  30_000,
)

test('a list of 250 products has three entries, whatever the lengths of its pages', async () => {
  const ids = Array.from({ length: 250 }, (_, n) => `l${n}`)
  await insertProducts(db, table, 'long', ids)
  const redis = await connectToRedis()
  for (const limit of ['100', '30']) {
    const listed: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const query = { category: 'long', limit, ...(cursor && { cursor }) }
      const { json, headers } = await call('getProducts', { query })
      listed.push(...json.items.map(({ id }: { id: string }) => id))
      cursor = /cursor=([^>]+)>/.exec(headers.link ?? '')?.[1]
    }
    expect(listed, limit).toEqual(ids.toReversed())
  }
  expect(await redis.keys('*:listing:*')).toHaveLength(3)
}, 30_000)
