import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Overloaded } from '../lib/cacheAside/index.ts'
import { freePort } from '../lib/local/server.ts'
import { freshCache, freshDatabase, openCache } from './support/cache.ts'

const database = await freshDatabase()

test('no more loads run at once than are allowed, and the others follow as slots come free', async () => {
  let running = 0
  let most = 0
  const { cache } = await freshCache(database, {
    cacheTimeoutMs: 5_000,
    maxConcurrentLoads: 4,
    load: async (id) => {
      most = Math.max(most, ++running)
      await sleep(20)
      running--
      return { value: { text: id }, version: 1 }
    },
  })
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => cache.get(`id${n}`)))
  expect(answers.map(({ value }) => value?.text)).toEqual(Array.from({ length: 40 }, (_, n) => `id${n}`))
  expect(most).toBe(4)
})

test('what cannot begin in its time is refused with a typed error, and the slots are not lost', async () => {
  const { cache, events } = await freshCache(database, {
    cacheTimeoutMs: 5_000,
    maxConcurrentLoads: 2,
    waitMs: 100,
    load: async (id) => {
      await sleep(id.startsWith('slow') ? 400 : 1)
      return { value: { text: id }, version: 1 }
    },
  })
  const slow = ['slow1', 'slow2'].map((id) => cache.get(id))
  await sleep(50)
  const refused = await Promise.allSettled(['x', 'y', 'z'].map((id) => cache.get(id)))
  for (const each of refused)
    expect(each).toMatchObject({ status: 'rejected', reason: expect.any(Overloaded) })
  expect(events.filter(({ type }) => type === 'overloaded')).toHaveLength(3)
  await Promise.all(slow)
  expect((await cache.get('later')).value).toEqual({ text: 'later' })
})

test('while Redis is away an id is loaded once in a moment, by whomever it is asked for', async () => {
  const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database, { fallbackMs: 500 })
  await database.write('a', 'old')
  // Three failures open the breaker.
  for (let n = 0; n < 3; n++) await cache.get('other')
  const before = database.reads
  const answers = await Promise.all(Array.from({ length: 50 }, () => cache.get('a')))
  expect(database.reads - before).toBeLessThanOrEqual(2)
  for (const { value } of answers) expect(value).toEqual({ text: 'old' })
  expect((await cache.get('a')).status).toMatchObject({ fwd: 'bypass', detail: 'fallback' })
  await sleep(550)
  await database.write('a', 'new')
  expect((await cache.get('a')).value).toEqual({ text: 'new' })
})

test('a process reads its own writes, also while Redis is away', async () => {
  const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database, { fallbackMs: 60_000 })
  await database.write('b', 'old')
  for (let n = 0; n < 4; n++) await cache.get('b')
  expect((await cache.get('b')).status.detail).toBe('fallback')
  const { reached, release } = database.holdNextRead()
  await cache.write('b', () => database.write('b', 'newer'))
  const slow = cache.get('b')
  await reached
  await cache.write('b', () => database.write('b', 'newest'))
  expect((await cache.get('b')).value).toEqual({ text: 'newest' })
  release()
  await slow
  expect((await cache.get('b')).value).toEqual({ text: 'newest' })
})
