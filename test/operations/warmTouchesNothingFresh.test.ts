import { expect, onTestFinished, test } from 'vitest'
import { openCaches } from '../../lib/catalog/caches.ts'
import { fill } from '../support/fill.ts'
import { freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, redisPort, lastLines } = await freshHandlers()
const { handler } = await import('../../functions/warm.ts')
const ids = Array.from({ length: 40 }, (_, n) => `p${n}`)
await fill(db, table, 'all', ids)

test('warming fills the most read products, their pages and the ids of the event, and touches nothing that is fresh', async () => {
  const server = await freshRedis({ port: redisPort })
  const { redis, products, pages, close } = openCaches()
  onTestFinished(close)
  const all = [...ids, 'nobody'].flatMap((id) => [products.key(id), pages.key(id)])
  const entries = async () => new Map((await redis.mget(all)).map((text, index) => [all[index], text]))
  const hour = Math.floor(Date.now() / 3_600_000)
  await redis.zadd(`${table}:{top}:${hour}`, ...ids.slice(0, 30).flatMap((id, n) => [100 - n, id]))

  await products.get('p0')
  await pages.get('p30')
  const before = await entries()
  const event = { ids: ['p30', 'p31', 'nobody'], top: 10 }
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
  const filled = [...ids.slice(0, 10), 'p30', 'p31', 'nobody']
  for (const id of [...ids, 'nobody'])
    expect(after.get(products.key(id)) !== null, id).toBe(filled.includes(id))

  // Again: nothing is left to do, and no byte changes.
  expect(await handler(event)).toEqual({ filled: 0, fresh: 26, failed: 0, left: 0 })
  expect(await entries()).toEqual(after)

  // A cache that was emptied has no list of its own any more.
  await redis.flushall()
  expect(await handler({ top: 10 })).toMatchObject({ filled: 20, left: 0 })
  expect((await products.get('p9')).status.hit).toBe(true)
  await server.stop('SIGKILL')
})

test('a schedule names nothing, and what is no id is refused before anything is done', async () => {
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
