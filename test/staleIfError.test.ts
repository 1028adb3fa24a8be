import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { LoadFailed } from '../lib/cacheAside/index.ts'
import { freshCache, freshDatabase } from './support/cache.ts'

const database = await freshDatabase()
afterEach(() => {
  database.failure = undefined
})
const options = { ttl: 100, jitter: 0, staleIfError: 60_000 }

test('when loading fails, an entry that has merely aged out is served, marked as stale', async () => {
  const { cache } = await freshCache(database, options)
  await database.write('a', 'old')
  await cache.get('a')
  await sleep(150)
  database.failure = new Error('throttled')
  const answer = await cache.get('a')
  expect(answer).toMatchObject({
    value: { text: 'old' },
    status: { hit: false, fwd: 'stale', detail: 'load-failed' },
  })
  expect(answer.status.ttl).toBeLessThan(0)
})

test('while the failure is young the database is left alone, and then asked again', async () => {
  const { cache } = await freshCache(database, options)
  await database.write('b', 'old')
  await cache.get('b')
  await sleep(150)
  database.failure = new Error('throttled')
  await cache.get('b')
  const before = database.reads
  for (let n = 0; n < 5; n++)
    expect(await cache.get('b')).toMatchObject({ status: { fwd: 'stale', detail: 'load-failed' } })
  expect(database.reads).toBe(before)
  database.failure = undefined
  await sleep(250)
  expect(await cache.get('b')).toMatchObject({ status: { fwd: 'stale', stored: true } })
})

test('while it loads, a value that is only for errors is not served: the callers wait for the new one', async () => {
  const { cache } = await freshCache(database, options)
  await database.write('c', 'old')
  await cache.get('c')
  await database.write('c', 'new')
  await sleep(150)
  const answers = await Promise.all(Array.from({ length: 5 }, () => cache.get('c')))
  for (const { value } of answers) expect(value).toEqual({ text: 'new' })
})

test('an entry that was removed is never served, however the database fails', async () => {
  const { cache } = await freshCache(database, options)
  await database.write('d', 'old')
  await cache.get('d')
  await sleep(150)
  await cache.invalidate('d')
  database.failure = new Error('throttled')
  await expect(cache.get('d')).rejects.toThrow(LoadFailed)
})

test('past its window there is one typed error', async () => {
  const { cache } = await freshCache(database, { ...options, staleIfError: 50 })
  await database.write('e', 'old')
  await cache.get('e')
  await sleep(300)
  database.failure = new Error('throttled')
  await expect(cache.get('e')).rejects.toThrow(LoadFailed)
})
