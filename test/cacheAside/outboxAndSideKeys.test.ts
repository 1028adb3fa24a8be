import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type CacheAsideOptions, createCacheAside } from '../../lib/cacheAside/index.ts'
import { keyBuilder, sideKey } from '../../lib/cacheAside/redis/keys.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'

// Each test replays, on a real Redis, a trace that the exploration in test/model finds if a guard is missing.

const binary = findRedisBinary()
if (!binary) throw new Error('No valkey-server or redis-server on PATH')
const server = await startRedis({ binary })
const admin = new Redis(server.url)
let clients: Redis[] = []
afterAll(async () => {
  for (const client of [admin, ...clients]) client.disconnect()
  await server.stop('SIGKILL')
})

/** The database. Every id has this version, and the same number as its value. */
let version = 1
beforeEach(async () => {
  for (const client of clients) client.disconnect()
  clients = []
  version = 1
  await admin.flushall()
})

const key = keyBuilder('aisle', 'text')('a')

/**
 * Opens a cache with its own client, as in another process. A test can hold its next load before or after the load
 * reads.
 */
async function open(options: Partial<CacheAsideOptions<number>> = {}) {
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1 })
  clients.push(redis)
  await redis.ping()
  const loads = { begun: 0 }
  let hold: { before: 'reading' | 'answering'; reached: () => void; released: Promise<void> } | undefined
  const cache = createCacheAside<number>({
    ...{ redis, name: 'text', jitter: 0 },
    async load() {
      loads.begun++
      const held = hold
      hold = undefined
      const waitBefore = async (step: 'reading' | 'answering') => {
        if (held?.before !== step) return
        held.reached()
        await held.released
      }
      await waitBefore('reading')
      const value = version
      await waitBefore('answering')
      return { value, version: value }
    },
    ...options,
  })
  // The first read proves that Redis takes writes, so the shard is healthy from here on.
  await cache.get('healthy')
  loads.begun = 0
  /** Holds the next load before it reads the database, or before it returns. */
  function holdBefore(before: 'reading' | 'answering') {
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    hold = { before, reached: resolve, released }
    return { reached, release }
  }
  return { cache, loads, holdBefore }
}
const readValue = async (result: Promise<{ value: number | undefined }>) => (await result).value

/**
 * Process one loses its lease and reads the database after a commit, so it serves a value that it cannot store.
 * Meanwhile process two takes the lease on the main key, reads before the commit, and fills after it. The removal of
 * the write is yet to come.
 */
async function servesWhatItCannotStore(one: Opened, two: Opened): Promise<void> {
  const ones = one.holdBefore('reading')
  const first = readValue(one.cache.get('a'))
  await ones.reached
  await admin.del(key)
  const twos = two.holdBefore('answering')
  const slow = readValue(two.cache.get('a'))
  await twos.reached
  version = 2
  ones.release()
  expect(await first).toBe(2)
  twos.release()
  expect(await slow).toBe(1)
}
type Opened = Awaited<ReturnType<typeof open>>

test('G2: a removal in the outbox is delivered before the next read, even while another read is under way', async () => {
  const one = await open()
  await servesWhatItCannotStore(one, await open())
  // The second of two reads that start together checks only whether all shards are healthy.
  const [, again] = await Promise.all([one.cache.get('healthy'), one.cache.get('a')])
  expect(again.value).toBe(2)
})

test('G2: a side entry that could not be stored adds the removal of the main key to the outbox too', async () => {
  const [other, one] = [await open({ schema: 'x' }), await open()]
  await other.cache.get('a')
  // The lease is at the side key. What is lost is the main entry.
  await servesWhatItCannotStore(one, await open())
  // By then the process has checked its outbox. Whether it checks in time is another test's subject.
  await sleep(100)
  expect(await readValue(one.cache.get('a'))).toBe(2)
})

test('G1: no caller joins a load for a side entry once its main entry is removed', async () => {
  const [other, one] = [await open({ schema: 'x' }), await open()]
  await other.cache.get('a')
  const held = one.holdBefore('answering')
  const slow = one.cache.get('a')
  await held.reached
  const written = await other.cache.write('a', async () => ({ value: 2, version: ++version }))
  expect(written.invalidation).toBe('done')
  expect(await readValue(other.cache.get('a'))).toBe(2)
  const later = readValue(one.cache.get('a', { budgetMs: 1000 }))
  await sleep(100)
  held.release()
  expect(await readValue(slow)).toBe(1)
  expect(await later).toBe(2)
})

test('a refresh of a side entry leaves no lease behind if its main entry is removed', async () => {
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

test('G8: a caller that saw a main entry before it was replaced does not harm the side entry of the new one', async () => {
  const other = await open({ schema: 'x' })
  const [one, two] = [await open({ maxConcurrentLoads: 1 }), await open()]
  await other.cache.get('a')
  // Process one has seen the first main entry, and waits for a permit to load.
  const held = one.holdBefore('answering')
  const busy = one.cache.get('busy')
  await held.reached
  const late = one.cache.get('a')
  await sleep(100)
  await other.cache.invalidate('a')
  await other.cache.get('a')
  await two.cache.get('a')
  const entry = await admin.get(sideKey(key, '1'))
  held.release()
  await busy
  expect(await readValue(late)).toBe(1)
  expect(await admin.get(sideKey(key, '1'))).toBe(entry)
  expect([one.loads.begun, two.loads.begun]).toEqual([1, 1])
})
