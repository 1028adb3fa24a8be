import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { CacheEvent } from '../../../lib/cacheAside/index.ts'
import { startPlace } from '../../support/place.ts'
import { freshRedis } from '../../support/redis.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()
const breakerEvents = (events: CacheEvent[]) =>
  events.filter(({ type }) => type === 'breaker').map((event) => ({ ...event }))

timed(
  'G4: a Redis that hangs is asked three times, then not any more, and again within a second of its return',
  place,
  async ({ database, server }) => {
    const { cache, events } = await place.open()
    await database.write('a', 'x')
    await cache.get('a')
    server.process.kill('SIGSTOP')
    for (let n = 0; n < 3; n++) expect((await cache.get('a')).status.detail).toBe('redis-timeout')
    expect(breakerEvents(events)).toMatchObject([{ name: 'text', state: 'open' }])
    expect((await cache.get('a')).status.detail).toMatch(/^(redis-away|fallback)$/)
    server.process.kill('SIGCONT')
    await expect.poll(async () => (await cache.get('a')).status.hit, { timeout: 2000 }).toBe(true)
    expect(breakerEvents(events)).toMatchObject([{ state: 'open' }, { state: 'closed' }])
  },
)

timed(
  'G4: a hundred calls to a dead Redis cost its timeout three times, not a hundred times',
  place,
  async ({ database, server }) => {
    const { cache } = await place.open()
    await database.write('b', 'x')
    await cache.get('b')
    server.process.kill('SIGSTOP')
    const details = new Map<string | undefined, number>()
    for (let n = 0; n < 100; n++) {
      const { detail } = (await cache.get('b')).status
      details.set(detail, (details.get(detail) ?? 0) + 1)
    }
    // Three to open it, and a probe each half second.
    expect(details.get('redis-timeout')).toBeLessThanOrEqual(8)
    expect((details.get('redis-away') ?? 0) + (details.get('fallback') ?? 0)).toBeGreaterThanOrEqual(90)
  },
)

timed('G4: one call that is slow among good ones opens nothing', place, async ({ database, server }) => {
  const { cache, events } = await place.open()
  await database.write('c', 'x')
  for (let n = 0; n < 5; n++) {
    await cache.get('c')
    server.process.kill('SIGSTOP')
    await cache.get('c')
    server.process.kill('SIGCONT')
    await sleep(50)
    expect((await cache.get('c')).status.hit).toBe(true)
  }
  expect(breakerEvents(events)).toEqual([])
})

timed(
  'G4: a Redis that became read-only is not read, and a write past it tells so',
  place,
  async ({ database }) => {
    const { cache, redis } = await place.open()
    const master = await freshRedis()
    await database.write('e', 'old')
    await cache.get('e')
    await redis.replicaof('127.0.0.1', master.port)
    // What a failover leaves to a client that still talks to the former master.
    expect(await cache.write('e', () => database.write('e', 'new'))).toMatchObject({
      invalidation: 'deferred',
    })
    expect(await cache.get('e')).toMatchObject({ value: { text: 'new' }, status: { fwd: 'bypass' } })
    expect(await cache.get('other')).toMatchObject({ status: { fwd: 'bypass', detail: 'redis-away' } })
    await redis.replicaof('NO', 'ONE')
    await expect.poll(async () => (await cache.get('e')).status.hit, { timeout: 3000 }).toBe(true)
    expect((await cache.get('e')).value).toEqual({ text: 'new' })
  },
)
