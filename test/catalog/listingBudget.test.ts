import { expect, test } from 'vitest'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, get, put, redisPort } = await freshHandlers()

test('a list is answered although another process holds the lease of the categories and never returns', async () => {
  await freshRedis({ port: redisPort })
  await insertProducts(db, table, 'tools', ['t1', 't2'])
  // Connects the handler to Redis.
  await put('a', { body: aProduct })
  await expect.poll(async () => (await get('a')).headers['cache-status']).toMatch(/^aisle; hit/)

  const redis = connectRedis(`redis://127.0.0.1:${redisPort}`)
  const stuck = createCacheAside({
    ...{ redis, prefix: table, name: 'categories' },
    ...{ loadTimeoutMs: 20_000, leaseMs: 21_000, waitMs: 22_000 },
    load: () => new Promise<never>(() => {}),
  })
  const stuckLoad = stuck.get('tree', { budgetMs: 4_000 }).catch(() => {})
  await expect.poll(() => redis.get(stuck.key('tree'))).toMatch(/^L/)

  const list = await call('getProducts', { query: { category: 'tools' } })
  expect(list).toMatchObject({ statusCode: 200 })
  expect(list.json.items.map(({ id }: { id: string }) => id)).toEqual(['t2', 't1'])
  redis.disconnect()
  await stuckLoad
}, 30_000)
