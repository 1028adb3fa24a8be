import { expect, test } from 'vitest'
import { freshCache, freshDatabase, openCache } from './support/cache.ts'

const database = await freshDatabase()
/** What is promised of a Redis that answers in time; this machine may be busy. */
const patient = { cacheTimeoutMs: 5_000 }

test('fifty callers of five clients on a cold key make one load', async () => {
  const { cache, server } = await freshCache(database, patient)
  const caches = [cache, ...Array.from({ length: 4 }, () => openCache(server.url, database, patient).cache)]
  await database.write('a', 'x')
  const before = database.reads
  const { reached, release } = database.holdNextRead()
  const answers = caches.flatMap((each) => Array.from({ length: 10 }, () => each.get('a')))
  await reached
  setTimeout(release, 100)
  for (const { value, status } of await Promise.all(answers)) {
    expect(value).toEqual({ text: 'x' })
    expect(status.fwd).toBe('uri-miss')
  }
  expect(database.reads - before).toBe(1)
  expect((await Promise.all(answers)).filter(({ status }) => status.collapsed)).toHaveLength(49)
})

test('a holder of the lease that never comes back costs one lease, then another caller loads and fills', async () => {
  const { cache, redis } = await freshCache(database, { ...patient, leaseMs: 200 })
  await database.write('b', 'x')
  // What a process leaves behind that was killed while it loaded.
  await redis.set(cache.key('b'), `L${'k'.repeat(16)}`, 'PX', 200)
  expect(await cache.get('b')).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
})

test('a caller whose waiting time is over loads for itself and stores nothing', async () => {
  const { cache, server } = await freshCache(database, { ...patient, waitMs: 100 })
  const other = openCache(server.url, database, patient).cache
  await database.write('c', 'x')
  const { reached, release } = database.holdNextRead()
  const slow = other.get('c')
  await reached
  expect(await cache.get('c')).toMatchObject({
    value: { text: 'x' },
    status: { hit: false, fwd: 'bypass', detail: 'wait-timeout' },
  })
  release()
  expect((await slow).status.stored).toBe(true)
})
