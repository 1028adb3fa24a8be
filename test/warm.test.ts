import { expect, test } from 'vitest'
import { freePort } from '../lib/local/server.ts'
import { freshCache, freshDatabase, openCache } from './support/cache.ts'

const database = await freshDatabase()
const ids = Array.from({ length: 120 }, (_, n) => `id${n}`)
await Promise.all(ids.map((id) => database.write(id, id)))

test('warming fills what is missing and touches nothing that is fresh', async () => {
  const { cache, redis } = await freshCache(database, { cacheTimeoutMs: 5_000, ttl: 60_000, jitter: 0 })
  await cache.get('id0')
  const entry = await redis.get(cache.key('id0'))
  const before = database.reads
  expect(await cache.warm([...ids, 'id1'])).toEqual({ filled: 119, fresh: 1, failed: [] })
  expect(database.reads - before).toBe(119)
  expect(await redis.get(cache.key('id0'))).toBe(entry)
  expect(await cache.warm(ids)).toEqual({ filled: 0, fresh: 120, failed: [] })
})

test('what cannot be loaded or stored is told, id by id, and nothing is thrown', async () => {
  const { cache } = await freshCache(database)
  database.failure = new Error('away')
  const { filled, failed } = await cache.warm(['id1', 'id2'])
  database.failure = undefined
  expect(filled).toBe(0)
  expect(failed.map(({ id }) => id)).toEqual(['id1', 'id2'])

  const dead = openCache(`redis://127.0.0.1:${await freePort()}`, database).cache
  const before = database.reads
  expect((await dead.warm(ids)).failed).toHaveLength(120)
  // Once it is known that nothing can be stored, the database is left alone.
  expect(database.reads - before).toBeLessThanOrEqual(100)
})
