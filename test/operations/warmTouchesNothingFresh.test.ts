import { expect, onTestFinished, test } from 'vitest'
import { openCaches } from '../../lib/catalog/caches.ts'
import { freshHandlers } from '../support/http.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, redisPort, lastLines } = await freshHandlers()
const { handler } = await import('../../functions/warm.ts')
const ids = Array.from({ length: 40 }, (_, n) => `p${n}`)
await insertProducts(db, table, 'all', ids)

test('a warm-up fills the most-read products, the ids of the event and their pages, and leaves fresh entries alone', async () => {
  const server = await freshRedis({ port: redisPort })
  const { redis, products, pages, close } = openCaches()
  onTestFinished(close)
  const all = [...ids, 'missing'].flatMap((id) => [products.key(id), pages.key(id)])
  const entries = async () => new Map((await redis.mget(all)).map((text, index) => [all[index], text]))
  const hour = Math.floor(Date.now() / 3_600_000)
  await redis.zadd(`${table}:{top}:${hour}`, ...ids.slice(0, 30).flatMap((id, n) => [100 - n, id]))

  await products.get('p0')
  await pages.get('p30')
  const before = await entries()
  const event = { ids: ['p30', 'p31', 'missing'], top: 10 }
  expect(await handler(event)).toEqual({ filled: 24, fresh: 2, failed: 0, left: 0 })
  const line = JSON.parse(lastLines()[0] ?? '{}')
  expect(line).toMatchObject({ level: 'info', job: 'warm', filled: 24, fresh: 2, failed: 0, left: 0 })
  expect(line._aws.CloudWatchMetrics[0]).toMatchObject({
    Namespace: 'Aisle',
    Dimensions: [['job']],
    Metrics: ['filled', 'fresh', 'failed', 'left'].map((Name) => ({ Name, Unit: 'Count' })),
  })
  const after = await entries()
  for (const [key, text] of before) if (text !== null) expect(after.get(key)).toBe(text)
  const filled = [...ids.slice(0, 10), 'p30', 'p31', 'missing']
  for (const id of [...ids, 'missing'])
    expect(after.get(products.key(id)) !== null, id).toBe(filled.includes(id))

  // A second warm-up has nothing to do, and changes no byte.
  expect(await handler(event)).toEqual({ filled: 0, fresh: 26, failed: 0, left: 0 })
  expect(await entries()).toEqual(after)

  // An emptied cache has lost its most-read list, so the table's copy is used.
  await redis.flushall()
  expect(await handler({ top: 10 })).toMatchObject({ filled: 20, left: 0 })
  expect((await products.get('p9')).status.hit).toBe(true)
  await server.stop('SIGKILL')
})

test('the event of a schedule names no products, and an event with an invalid id is refused before any work', async () => {
  await freshRedis({ port: redisPort })
  const schedule = { id: 'cdc73f9d', 'detail-type': 'Scheduled Event', detail: {} }
  await expect.poll(() => handler(schedule).catch(String), { timeout: 5_000 }).toMatchObject({ failed: 0 })
  for (const event of [
    { ids: 'a' },
    { ids: ['a/b'] },
    { ids: [1] },
    { top: -1 },
    { top: '9' },
    { perSecond: 0 },
  ])
    await expect(handler(event)).rejects.toThrow(TypeError)
})
