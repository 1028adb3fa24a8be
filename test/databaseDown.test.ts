import { expect, test } from 'vitest'
import { LoadFailed } from '../lib/cacheAside/index.ts'
import { freshCache, freshDatabase, openCache } from './support/cache.ts'

const database = await freshDatabase()

test('a failed load is one typed error with its cause, never the answer that nothing exists', async () => {
  const { cache, redis } = await freshCache(database)
  await database.write('a', 'x')
  const failure = new Error('throttled')
  database.failure = failure
  const error = await cache.get('a').catch((caught) => caught)
  database.failure = undefined
  expect(error).toBeInstanceOf(LoadFailed)
  expect(error).toMatchObject({ id: 'a', cause: failure })
  // The lease stays for a moment, so that the next load does not follow at once.
  expect(await redis.pttl(cache.key('a'))).toBeLessThanOrEqual(200)
  expect(await redis.pttl(cache.key('a'))).toBeGreaterThan(0)
  expect(await cache.get('a')).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
})

test('a load that takes too long is given up and told to stop', async () => {
  let aborted = false
  const { cache } = await freshCache(database, {
    loadTimeoutMs: 50,
    load: (_, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(signal.reason)
        })
      }),
  })
  await expect(cache.get('b')).rejects.toThrow(LoadFailed)
  expect(aborted).toBe(true)
})

test('a caller with less time than a load may take is answered within its own', async () => {
  const { cache } = await freshCache(database, { load: () => new Promise(() => {}) })
  const start = performance.now()
  await expect(cache.get('c', { budgetMs: 50 })).rejects.toThrow(LoadFailed)
  expect(performance.now() - start).toBeLessThan(1000)
})

test('a version that is no safe integer is refused, not stored', async () => {
  const { cache, redis } = await freshCache(database, {
    load: async () => ({ value: { text: 'x' }, version: 1.5 }),
  })
  await expect(cache.get('d')).rejects.toThrow(/1.5/)
  expect(await redis.get(cache.key('d'))).toMatch(/^L/)
})

test('callers that wait for a load share its error', async () => {
  const { cache, server } = await freshCache(database)
  openCache(server.url, database)
  database.failure = new Error('away')
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => cache.get('e')))
  database.failure = undefined
  expect(answers.every(({ status }) => status === 'rejected')).toBe(true)
})
