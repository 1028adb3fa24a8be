import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshCache, freshDatabase, openCache } from './support/cache.ts'

const database = await freshDatabase()
/** Fresh for a moment, then stale for long. */
const soonStale = { cacheTimeoutMs: 5_000, ttl: 500, jitter: 0, staleWhileRevalidate: 60_000 }

test('one caller of fifty loads the stale value anew and waits; the others get it stale at once', async () => {
  const { cache, server } = await freshCache(database, soonStale)
  const caches = [cache, ...Array.from({ length: 4 }, () => openCache(server.url, database, soonStale).cache)]
  await database.write('a', 'old')
  await cache.get('a')
  await sleep(550)
  await database.write('a', 'new')
  const before = database.reads
  const { reached, release } = database.holdNextRead()
  const answers = caches.flatMap((each) => Array.from({ length: 10 }, () => each.get('a')))
  await reached
  // All but the one that loads are answered while the load is held.
  let settled = 0
  for (const answer of answers) void answer.then(() => settled++)
  await expect.poll(() => settled).toBe(49)
  release()
  const results = await Promise.all(answers)
  const fresh = results.filter(({ status }) => status.stored)
  expect(fresh).toMatchObject([{ value: { text: 'new' }, status: { hit: false, fwd: 'stale' } }])
  for (const result of results.filter(({ status }) => !status.stored)) {
    expect(result).toMatchObject({
      value: { text: 'old' },
      status: { hit: false, fwd: 'stale', collapsed: true },
    })
    expect(result.status.ttl).toBeLessThan(0)
  }
  expect(database.reads - before).toBe(1)
  expect(await cache.get('a')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
})

test('a stale value that was removed is not served any more', async () => {
  const { cache } = await freshCache(database, soonStale)
  await database.write('b', 'old')
  await cache.get('b')
  await sleep(550)
  await cache.write('b', () => database.write('b', 'new'))
  expect(await cache.get('b')).toMatchObject({
    value: { text: 'new' },
    status: { fwd: 'uri-miss', stored: true },
  })
})

test('a write during the refresh keeps its value out of the cache', async () => {
  const { cache, server } = await freshCache(database, soonStale)
  const writer = openCache(server.url, database).cache
  await database.write('c', 'old')
  await cache.get('c')
  await sleep(550)
  const { reached, release } = database.holdNextRead()
  const refresh = cache.get('c')
  await reached
  await writer.write('c', () => database.write('c', 'new'))
  release()
  expect((await refresh).status.stored).toBeUndefined()
  expect(await cache.get('c')).toMatchObject({
    value: { text: 'new' },
    status: { fwd: 'uri-miss', stored: true },
  })
})

test('a refresher that never comes back blocks nobody, and another takes over when its lease ends', async () => {
  const { cache, redis } = await freshCache(database, { ...soonStale, leaseMs: 300 })
  await database.write('d', 'old')
  await cache.get('d')
  await sleep(550)
  // What a process leaves behind that was killed while it refreshed.
  const [seconds, micros] = await redis.time()
  const ends = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) + 300
  await redis.setrange(cache.key('d'), 1, `${'k'.repeat(16)}${ends}`)
  expect(await cache.get('d')).toMatchObject({ status: { fwd: 'stale', collapsed: true } })
  await sleep(350)
  expect(await cache.get('d')).toMatchObject({ status: { fwd: 'stale', stored: true } })
})

test('past its window a stale value is a miss', async () => {
  const { cache } = await freshCache(database, { ...soonStale, staleWhileRevalidate: 100 })
  await database.write('e', 'old')
  await cache.get('e')
  await database.write('e', 'new')
  await sleep(700)
  expect(await cache.get('e')).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
})
