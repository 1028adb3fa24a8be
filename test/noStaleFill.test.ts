import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshCache, freshDatabase, openCache } from './support/cache.ts'

const database = await freshDatabase()
/** What is promised of a Redis that answers in time; this machine may be busy. */
const patient = { cacheTimeoutMs: 5_000 }

test('a value loaded before a write is not stored after it', async () => {
  const { cache, server } = await freshCache(database, patient)
  const writer = openCache(server.url, database, patient).cache
  await database.write('a', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('a')
  await reached
  await writer.write('a', () => database.write('a', 'new'))
  release()
  expect(await slow).toMatchObject({ value: { text: 'old' } })
  expect((await slow).status.stored).toBeUndefined()
  expect(await cache.get('a')).toMatchObject({ value: { text: 'new' }, status: { hit: false } })
})

test('nor is it stored in place of what a reader loaded after the write', async () => {
  const { cache, server } = await freshCache(database, patient)
  const other = openCache(server.url, database, patient).cache
  await database.write('b', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('b')
  await reached
  await other.write('b', () => database.write('b', 'new'))
  await other.get('b')
  release()
  await slow
  expect(await cache.get('b')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
})

test('nor over the lease of a reader that loads after the write', async () => {
  const { cache, server } = await freshCache(database, patient)
  const other = openCache(server.url, database, patient).cache
  await database.write('c', 'old')
  const first = database.holdNextRead()
  const slow = cache.get('c')
  await first.reached
  await other.write('c', () => database.write('c', 'new'))
  const second = database.holdNextRead()
  const late = other.get('c')
  await second.reached
  first.release()
  await slow
  second.release()
  expect((await late).status.stored).toBe(true)
  expect(await cache.get('c')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
})

test('nor when its lease has run out', async () => {
  const { cache, redis } = await freshCache(database, { ...patient, leaseMs: 50 })
  await database.write('d', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('d')
  await reached
  await expect.poll(() => redis.exists(cache.key('d'))).toBe(0)
  await database.write('d', 'new, behind the back of the cache')
  release()
  expect((await slow).status.stored).toBeUndefined()
  expect(await redis.exists(cache.key('d'))).toBe(0)
})

test('nor when Redis was flushed meanwhile', async () => {
  const { cache, redis } = await freshCache(database, patient)
  await database.write('e', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('e')
  await reached
  await redis.flushall()
  release()
  expect((await slow).status.stored).toBeUndefined()
  expect(await redis.exists(cache.key('e'))).toBe(0)
})

test('a reader of the same process that begins after a write does not join a load from before it', async () => {
  const { cache } = await freshCache(database, patient)
  await database.write('f', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('f')
  await reached
  await cache.write('f', () => database.write('f', 'new'))
  expect(await cache.get('f')).toMatchObject({ value: { text: 'new' } })
  release()
  await slow
  expect(await cache.get('f')).toMatchObject({ value: { text: 'new' } })
})

test('nor does one that finds the lease of another process, while that old load still runs', async () => {
  const { cache, server } = await freshCache(database, patient)
  const other = openCache(server.url, database, patient).cache
  await database.write('h', 'old')
  const old = database.holdNextRead()
  const slow = cache.get('h')
  await old.reached
  await other.write('h', () => database.write('h', 'new'))
  const current = database.holdNextRead()
  const theirs = other.get('h')
  await current.reached
  const ours = cache.get('h')
  // Long enough to have found the lease; joining the old load would now be possible.
  await sleep(50)
  old.release()
  await slow
  current.release()
  expect(await ours).toMatchObject({ value: { text: 'new' }, status: { collapsed: true } })
  await theirs
})

test('an explicit invalidation counts like a write', async () => {
  const { cache } = await freshCache(database, patient)
  await database.write('g', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('g')
  await reached
  await database.write('g', 'new')
  expect(await cache.invalidate('g')).toBe('done')
  release()
  await slow
  expect(await cache.get('g')).toMatchObject({ value: { text: 'new' } })
})
