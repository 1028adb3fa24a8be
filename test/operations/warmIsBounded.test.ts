import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openCaches } from '../../lib/catalog/caches.ts'
import { entryKinds } from '../../lib/catalog/entryKinds.ts'
import { maxRelated } from '../../lib/catalog/listing/related.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { warm } from '../../lib/operations/warm.ts'
import { freshTables } from '../support/dynamodb.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, endpoint } = await freshTables()
const ids = Array.from({ length: 60 }, (_, n) => `p${n}`)
await insertProducts(db, table, 'all', ids)

async function open(redisUrl?: string) {
  const url = redisUrl ?? (await freshRedis()).url
  const catalog = openCaches({ table, redisUrl: url, dynamodbEndpoint: endpoint })
  onTestFinished(catalog.close)
  // Counts the requests to the database.
  const loads: { at: number; items: number }[] = []
  catalog.db.middlewareStack.add(
    (next) => (args) => {
      const { RequestItems } = args.input as { RequestItems?: Record<string, { Keys: object[] }> }
      const keys = Object.values(RequestItems ?? {})[0]?.Keys.length ?? 0
      // A batch of products counts each product. Every request of a page counts once, the one for its cards included.
      const isCards = keys <= maxRelated
      loads.push({ at: performance.now(), items: isCards ? 1 : keys })
      return next(args)
    },
    { step: 'initialize', name: 'count loads' },
  )
  return { kinds: entryKinds(catalog), updateMostRead: async () => [], loads }
}

test('no second exceeds the rate limit by more than one batch', async () => {
  const catalog = await open()
  const startedAt = performance.now()
  expect(await warm(catalog, { ids, top: 0, perSecond: 100 })).toEqual({
    ...{ filled: 120, fresh: 0, failed: 0, left: 0, reasons: [] },
  })
  // 60 products with 1 request each and 60 pages with 5, at 100 requests a second.
  expect(performance.now() - startedAt).toBeGreaterThan(3_500)
  expect(catalog.loads.reduce((sum, { items }) => sum + items, 0)).toBe(360)
  for (const { at } of catalog.loads) {
    const within = catalog.loads.filter((other) => other.at >= at && other.at < at + 1_000)
    expect(within.reduce((sum, { items }) => sum + items, 0)).toBeLessThanOrEqual(100 + 25)
  }
})

test('fresh entries cost no time', async () => {
  const catalog = await open()
  await warm(catalog, { ids, top: 0, perSecond: 1_000 })
  const startedAt = performance.now()
  expect(await warm(catalog, { ids, top: 0, perSecond: 40 })).toMatchObject({ fresh: 120 })
  expect(performance.now() - startedAt).toBeLessThan(1_500)
})

test('a warm-up stops at its deadline and counts what is left', async () => {
  const catalog = await open()
  const startedAt = performance.now()
  const { filled, left, failed } = await warm(catalog, {
    ...{ ids, top: 0, perSecond: 40, deadline: startedAt + 1_000 },
  })
  expect(performance.now() - startedAt).toBeLessThan(1_900)
  expect(failed).toBe(0)
  expect(filled).toBeGreaterThan(9)
  expect(filled + left).toBe(120)
  const { length } = catalog.loads
  await sleep(300)
  expect(catalog.loads.length).toBe(length)
})

test('with Redis down a warm-up tries two batches and leaves the rest', async () => {
  const catalog = await open(`redis://127.0.0.1:${await freePort()}`)
  const { failed, left } = await warm(catalog, { ids, top: 0, perSecond: 1_000 })
  expect({ failed, left }).toEqual({ failed: 50, left: 70 })
  expect(catalog.loads.reduce((sum, { items }) => sum + items, 0)).toBeLessThanOrEqual(50)
})
