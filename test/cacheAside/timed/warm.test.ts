import { expect } from 'vitest'
import { freePort } from '../../../lib/local/servers/ports.ts'
import { openCache } from '../../support/cache.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const ids = Array.from({ length: 120 }, (_, n) => `id${n}`)
const testbed = await startTestbed({ texts: Object.fromEntries(ids.map((id) => [id, id])) })

timed('warm fills missing entries and leaves fresh ones untouched', testbed, async ({ database }) => {
  const { cache, redis } = await testbed.open({ ttl: 60_000, jitter: 0 })
  await cache.get('id0')
  const entry = await redis.get(cache.key('id0'))
  const before = database.reads
  expect(await cache.warm([...ids, 'id1'])).toEqual({ filled: 119, fresh: 1, failed: [] })
  expect(database.reads - before).toBe(119)
  expect(await redis.get(cache.key('id0'))).toBe(entry)
  expect(await cache.warm(ids)).toEqual({ filled: 0, fresh: 120, failed: [] })
})

timed(
  'warm reports each id that cannot be loaded or stored, and throws nothing',
  testbed,
  async ({ database }) => {
    const { cache } = await testbed.open()
    database.failure = new Error('away')
    const { filled, failed } = await cache.warm(['id1', 'id2'])
    database.failure = undefined
    expect(filled).toBe(0)
    expect(failed.map(({ id }) => id)).toEqual(['id1', 'id2'])

    const dead = openCache(`redis://127.0.0.1:${await freePort()}`, database).cache
    const before = database.reads
    expect((await dead.warm(ids)).failed).toHaveLength(120)
    // After the first chunk nothing can be stored, so the database gets no more loads.
    expect(database.reads - before).toBeLessThanOrEqual(100)
  },
)
