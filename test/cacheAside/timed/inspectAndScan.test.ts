import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { freePort } from '../../../lib/local/servers/ports.ts'
import { openCache } from '../../support/cache.ts'
import { startCluster } from '../../support/cluster.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed({ texts: { a: 'first' } })

timed(
  'inspect reports each state of a key, without a change to the key and without a load',
  testbed,
  async ({ database }) => {
    const { cache, redis } = await testbed.open({
      ...{ ttl: 500, jitter: 0, negativeTtl: 60_000, staleWhileRevalidate: 60_000 },
    })
    const key = cache.key('a')
    const inspect = async (id = 'a') => {
      const before = [await redis.dump(cache.key(id)), await redis.pexpiretime(cache.key(id)), database.reads]
      const inspected = await cache.inspect(id)
      const after = [await redis.dump(cache.key(id)), await redis.pexpiretime(cache.key(id)), database.reads]
      expect(after).toEqual(before)
      return inspected
    }

    expect(await inspect()).toEqual({ state: 'nothing' })

    const hold = database.holdNextRead()
    const first = cache.get('a')
    await hold.reached
    expect(await inspect()).toEqual({ state: 'loading', expires: expect.any(Number), bytes: 17 })
    hold.release()
    await first

    const loadedAfter = Date.now() - 5_000
    const fresh = await cache.inspect('a')
    expect(fresh).toMatchObject({ state: 'fresh', version: 1, body: '{"text":"first"}' })
    expect(fresh.bytes).toBe(Buffer.byteLength((await redis.get(key)) ?? ''))
    expect(fresh.loadedAt).toBeGreaterThan(loadedAfter)
    expect((fresh.ttl ?? 0) + (fresh.age ?? 0)).toBe(500)
    expect(fresh.expires).toBeGreaterThan(50_000)

    await sleep(510)
    expect(await inspect()).toMatchObject({ state: 'stale', version: 1, body: '{"text":"first"}' })
    const held = database.holdNextRead()
    const refresh = cache.get('a')
    await held.reached
    const refreshing = await inspect()
    expect(refreshing).toMatchObject({ state: 'refreshing', version: 1, body: '{"text":"first"}' })
    expect(refreshing.ttl).toBeLessThanOrEqual(0)
    held.release()
    await refresh

    await cache.get('missing')
    expect(await inspect('missing')).toMatchObject({ state: 'absent', version: 0, body: undefined })

    await redis.set(key, 'something else', 'PX', 9_000)
    expect(await inspect()).toEqual({ state: 'unreadable', expires: expect.any(Number), bytes: 14 })
    await redis.del(key)
    await redis.hset(key, 'a', 'b')
    expect(await inspect()).toEqual({ state: 'unreadable' })
  },
)

timed('inspect and scan throw if Redis is away', testbed, async ({ database }) => {
  const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database)
  await expect(cache.inspect('a')).rejects.toThrow()
  await expect(cache.scan().next()).rejects.toThrow()
  await expect(cache.inspect('')).rejects.toThrow(TypeError)
})

timed(
  'a scan yields the ids of this cache and no others, wherever it begins',
  testbed,
  async ({ server }) => {
    // The prefix and the name are also valid glob patterns.
    const { cache, redis } = await testbed.open({ prefix: 'a*[x]', name: 'te?t' })
    const other = new Redis(server.port)
    onTestFinished(() => other.disconnect())
    const ids = Array.from({ length: 2_000 }, (_, n) => `id-${n}`)
    const keys = ids.flatMap((id) => [cache.key(id), `a*[x]:{${id}}:test`, `abx:{${id}}:te?t`])
    await redis.mset(...keys.flatMap((key) => [key, 'x']))
    for (const anywhere of [false, true]) {
      const found = new Set<string>()
      for await (const id of cache.scan({ anywhere })) found.add(id)
      expect([...found].sort()).toEqual([...ids].sort())
    }
    let some = 0
    for await (const _ of cache.scan({ atMost: 1_000, anywhere: true })) some++
    // A third of the keys belongs to this cache.
    expect(some).toBeGreaterThan(100)
    expect(some).toBeLessThan(1_000)
    // Many short scans together visit nearly all keys.
    const seen = new Set<string>()
    for (let n = 0; n < 100; n++)
      for await (const id of cache.scan({ atMost: 500, anywhere: true })) seen.add(id)
    expect(seen.size).toBeGreaterThan(1_900)
  },
)

timed('a scan of a cluster visits every master', testbed, async ({ database }) => {
  const { url, stop } = await startCluster({ replicas: false })
  onTestFinished(stop)
  const redis = connectCache(url)
  onTestFinished(() => redis.disconnect())
  const cache = createCacheAside({ redis, name: 'text', load: database.read })
  const ids = Array.from({ length: 100 }, (_, n) => `id-${n}`)
  for (const id of ids) await redis.set(cache.key(id), 'x')
  for (const anywhere of [false, true]) {
    const found = new Set<string>()
    for await (const id of cache.scan({ anywhere })) found.add(id)
    expect(found.size).toBe(100)
  }
  expect((await cache.inspect('id-1')).state).toBe('unreadable')
})
