import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()
/** Fresh for half a second, then stale for a minute. */
const soonStale = { ttl: 500, jitter: 0, staleWhileRevalidate: 60_000 }

timed(
  'G3: one of fifty callers refreshes a stale value and waits; the others get it stale at once',
  testbed,
  async ({ database }) => {
    const { cache } = await testbed.open(soonStale)
    const others = await Promise.all(Array.from({ length: 4 }, () => testbed.open(soonStale)))
    const caches = [cache, ...others.map((each) => each.cache)]
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
  },
)

timed('G1: a stale value is not served after its removal', testbed, async ({ database }) => {
  const { cache } = await testbed.open(soonStale)
  await database.write('b', 'old')
  await cache.get('b')
  await sleep(550)
  await cache.write('b', () => database.write('b', 'new'))
  expect(await cache.get('b')).toMatchObject({
    value: { text: 'new' },
    status: { fwd: 'uri-miss', stored: true },
  })
})

timed('G1: a write during a refresh prevents its fill', testbed, async ({ database }) => {
  const { cache } = await testbed.open(soonStale)
  const writer = (await testbed.open()).cache
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

timed(
  'G3: a caller that never finishes its refresh blocks no other, and another takes over when the lease ends',
  testbed,
  async ({ database }) => {
    const { cache, redis } = await testbed.open(soonStale)
    await database.write('d', 'old')
    await cache.get('d')
    await sleep(550)
    // The lease of a process that was killed during its refresh.
    const [seconds, micros] = await redis.time()
    const leaseEnd = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) + 300
    await redis.setrange(cache.key('d'), 1, `${'k'.repeat(16)}${leaseEnd}`)
    expect(await cache.get('d')).toMatchObject({ status: { fwd: 'stale', collapsed: true } })
    await sleep(350)
    expect(await cache.get('d')).toMatchObject({ status: { fwd: 'stale', stored: true } })
  },
)

timed('past staleWhileRevalidate, a stale value is a miss', testbed, async ({ database }) => {
  const { cache } = await testbed.open({ ...soonStale, staleWhileRevalidate: 100 })
  await database.write('e', 'old')
  await cache.get('e')
  await database.write('e', 'new')
  await sleep(700)
  expect(await cache.get('e')).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
})
