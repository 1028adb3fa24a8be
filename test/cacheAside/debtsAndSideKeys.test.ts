import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type CacheAsideOptions, createCacheAside } from '../../lib/cacheAside/index.ts'
import { besideKey, keysOf } from '../../lib/cacheAside/redis/keys.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'

// Traces that the exploration of test/model finds where a guard is missing, step by step on a real Redis.

const binary = findRedisBinary()
if (!binary) throw new Error('No valkey-server or redis-server on PATH')
const server = await startRedis({ binary })
const admin = new Redis(server.url)
let clients: Redis[] = []
afterAll(async () => {
  for (const client of [admin, ...clients]) client.disconnect()
  await server.stop('SIGKILL')
})

/** The database: the version of every id, which is its value too. */
let version = 1
beforeEach(async () => {
  for (const client of clients) client.disconnect()
  clients = []
  version = 1
  await admin.flushall()
})

const key = keysOf('aisle', 'text')('a')

/** A process: a cache with a client of its own, whose next load can be held before or after it reads. */
async function open(options: Partial<CacheAsideOptions<number>> = {}) {
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1 })
  clients.push(redis)
  await redis.ping()
  const loads = { begun: 0 }
  let next: { when: 'reading' | 'answering'; reached: () => void; released: Promise<void> } | undefined
  const cache = createCacheAside<number>({
    ...{ redis, name: 'text', jitter: 0 },
    async load() {
      loads.begun++
      const held = next
      next = undefined
      const stop = async (when: 'reading' | 'answering') => {
        if (held?.when !== when) return
        held.reached()
        await held.released
      }
      await stop('reading')
      const value = version
      await stop('answering')
      return { value, version: value }
    },
    ...options,
  })
  // The first read proves that Redis takes writes, so that all is calm from here on.
  await cache.get('calm')
  loads.begun = 0
  /** Holds the next load before it reads the database, or before it answers. */
  function holdBefore(when: 'reading' | 'answering') {
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    next = { when, reached: resolve, released }
    return { reached, release }
  }
  return { cache, loads, holdBefore }
}
const served = async (got: Promise<{ value: number | undefined }>) => (await got).value

/**
 * One process loads under a lease that is lost, and reads the database after a commit. Another one took the lease at the
 * id's own key meanwhile, read before the commit and fills after it. The write's removal is yet to come.
 */
async function servesWhatItCannotStore(one: Opened, two: Opened): Promise<void> {
  const ones = one.holdBefore('reading')
  const first = served(one.cache.get('a'))
  await ones.reached
  await admin.del(key)
  const twos = two.holdBefore('answering')
  const slow = served(two.cache.get('a'))
  await twos.reached
  version = 2
  ones.release()
  expect(await first).toBe(2)
  twos.release()
  expect(await slow).toBe(1)
}
type Opened = Awaited<ReturnType<typeof open>>

test('G2: a debt is delivered before the next read, also while another read is under way', async () => {
  const one = await open()
  await servesWhatItCannotStore(one, await open())
  // Of two gets at once the second one looks at nothing but whether all is calm.
  const [, again] = await Promise.all([one.cache.get('calm'), one.cache.get('a')])
  expect(again.value).toBe(2)
})

test('G2: what was loaded beside an entry and not stored owes a removal at the key of that entry, too', async () => {
  const [other, one] = [await open({ schema: 'x' }), await open()]
  await other.cache.get('a')
  // Its lease is at the side key; what is lost is the entry beside which it loads.
  await servesWhatItCannotStore(one, await open())
  // Until then it may not have looked whether anything is owed, which is another matter.
  await sleep(100)
  expect(await served(one.cache.get('a'))).toBe(2)
})

test('G1: nobody joins a load beside an entry that was removed since', async () => {
  const [other, one] = [await open({ schema: 'x' }), await open()]
  await other.cache.get('a')
  const held = one.holdBefore('answering')
  const slow = one.cache.get('a')
  await held.reached
  const written = await other.cache.write('a', async () => ({ value: 2, version: ++version }))
  expect(written.invalidation).toBe('done')
  expect(await served(other.cache.get('a'))).toBe(2)
  const later = served(one.cache.get('a', { budgetMs: 1000 }))
  await sleep(100)
  held.release()
  expect(await served(slow)).toBe(1)
  expect(await later).toBe(2)
})

test('a refresh beside an entry that was removed leaves no lease behind', async () => {
  const options = { ttl: 60_000, staleWhileRevalidate: 60_000 }
  const other = await open({ schema: 'x', ...options })
  const one = await open({ ...options, ttl: 50 })
  await other.cache.get('a')
  await one.cache.get('a')
  await sleep(80)
  const held = one.holdBefore('answering')
  const refresh = one.cache.get('a')
  await held.reached
  await other.cache.invalidate('a')
  await other.cache.get('a')
  held.release()
  await refresh
  const begun = performance.now()
  expect(await one.cache.get('a')).toMatchObject({ value: 1, status: { stored: true } })
  expect(performance.now() - begun).toBeLessThan(1000)
})

test('G8: who comes late beside an entry that was replaced takes nothing away from beside the new one', async () => {
  const other = await open({ schema: 'x' })
  const [one, two] = [await open({ maxConcurrentLoads: 1 }), await open()]
  await other.cache.get('a')
  // One has seen the first entry, and waits for its turn to load.
  const held = one.holdBefore('answering')
  const busy = one.cache.get('busy')
  await held.reached
  const late = one.cache.get('a')
  await sleep(100)
  await other.cache.invalidate('a')
  await other.cache.get('a')
  await two.cache.get('a')
  const entry = await admin.get(besideKey(key, '1'))
  held.release()
  await busy
  expect(await served(late)).toBe(1)
  expect(await admin.get(besideKey(key, '1'))).toBe(entry)
  expect([one.loads.begun, two.loads.begun]).toEqual([1, 1])
})
