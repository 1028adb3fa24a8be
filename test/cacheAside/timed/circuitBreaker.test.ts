import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { CacheEvent } from '../../../lib/cacheAside/index.ts'
import { freshRedis } from '../../support/redis.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()
const breakerEvents = (events: CacheEvent[]) =>
  events.filter(({ type }) => type === 'breaker').map((event) => ({ ...event }))

timed(
  'G4: a Redis that hangs is asked three times, then no more until within a second of its return',
  testbed,
  async ({ database, server }) => {
    const { cache, events } = await testbed.open()
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
  'G4: a hundred calls while Redis hangs wait for few timeouts, not for a hundred',
  testbed,
  async ({ database, server }) => {
    const { cache } = await testbed.open()
    await database.write('b', 'x')
    await cache.get('b')
    server.process.kill('SIGSTOP')
    const details = new Map<string | undefined, number>()
    for (let n = 0; n < 100; n++) {
      const { detail } = (await cache.get('b')).status
      details.set(detail, (details.get(detail) ?? 0) + 1)
    }
    // Three timeouts open the breaker, and then there is one probe each half second.
    expect(details.get('redis-timeout')).toBeLessThanOrEqual(8)
    expect((details.get('redis-away') ?? 0) + (details.get('fallback') ?? 0)).toBeGreaterThanOrEqual(90)
  },
)

timed(
  'G4: single timeouts between answered calls do not open the breaker',
  testbed,
  async ({ database, server }) => {
    const { cache, events } = await testbed.open()
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
  },
)

timed(
  'G4: a Redis that has become read-only is not read, and a write reports a deferred removal',
  testbed,
  async ({ database }) => {
    const { cache, redis } = await testbed.open()
    const master = await freshRedis()
    await database.write('e', 'old')
    await cache.get('e')
    await redis.replicaof('127.0.0.1', master.port)
    // After a failover, a client may still be connected to the former master, which is now a replica.
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
