import { expect, onTestFinished } from 'vitest'
import { type CacheAsideOptions, createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { startClusterFleet } from '../../support/fleet.ts'
import type { Text } from '../../support/texts.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startClusterFleet(0)
const { cluster, texts } = fleet

/** Opens a cache with its own client, as in another process. */
async function open(options: Partial<CacheAsideOptions<Text>> = {}) {
  const redis = connectCache(cluster.url)
  onTestFinished(() => redis.disconnect())
  const loads: string[][] = []
  const cache = createCacheAside<Text>({
    redis,
    name: 'text',
    load(id, { signal }) {
      loads.push([id])
      return texts.read(id, signal)
    },
    loadMany(ids, { signal }) {
      loads.push(ids)
      return texts.readMany(ids, signal)
    },
    ...options,
  })
  // Connects to every shard, so that no test measures a client that is still connecting.
  await Promise.all(ids('connected', 12).map((id) => redis.get(cache.key(id))))
  return { redis, cache, loads }
}

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)

timed('G10: reads, writes and removals reach every shard', fleet, async () => {
  const { cache } = await open()
  const other = (await open()).cache
  const masters = new Set<number>()
  for (const id of ids('a', 12)) {
    masters.add((await cluster.shardOf(cache.key(id))).number)
    await cache.write(id, () => texts.write(id, 'old'))
    expect(await other.get(id)).toMatchObject({ value: { text: 'old' }, status: { stored: true } })
    expect(await cache.get(id)).toMatchObject({ value: { text: 'old' }, status: { hit: true } })
    expect(await cache.write(id, () => texts.write(id, 'new'))).toMatchObject({ invalidation: 'done' })
    expect(await other.get(id)).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
    expect(await other.invalidate(id, { version: 2 })).toBe('done')
    expect((await cache.get(id)).status.hit).toBe(true)
    expect(await other.invalidate(id)).toBe('done')
    expect((await cache.get(id)).status.hit).toBe(false)
  }
  expect(masters.size).toBe(3)
})

timed('G10: one atomic command removes the entries of an id in all caches', fleet, async () => {
  const { cache, redis } = await open()
  const pages = createCacheAside<Text>({
    redis,
    name: 'page',
    load: (id, { signal }) => texts.read(id, signal),
  })
  for (const id of ids('b', 6)) {
    await texts.write(id, 'old')
    await Promise.all([cache.get(id), pages.get(id)])
    const written = await cache.write(id, () => texts.write(id, 'new'), { also: [pages] })
    expect(written.invalidation).toBe('done')
    expect(await pages.get(id)).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
    expect(await cache.invalidate(id, { version: 3, also: [pages] })).toBe('done')
    expect((await pages.get(id)).status.hit).toBe(false)
  }
})

timed('G10: a hundred ids on all shards take one loadMany, and are then hits', fleet, async () => {
  const { cache, loads } = await open()
  const wanted = ids('c', 100)
  await Promise.all(wanted.slice(0, 99).map((id) => texts.write(id, id)))
  const first = await cache.getMany(wanted)
  expect(first.map(({ value }) => value?.text)).toEqual([...wanted.slice(0, 99), undefined])
  expect(first.every(({ status }) => status.stored)).toBe(true)
  expect(loads.map((each) => each.length)).toEqual([100])
  const again = await (await open()).cache.getMany([...wanted, 'c5'])
  expect(again.map(({ value }) => value?.text)).toEqual([...wanted.slice(0, 99), undefined, 'c5'])
  expect(again.every(({ status }) => status.hit)).toBe(true)
})

timed('G10: the first call of a client can be a getMany', fleet, async () => {
  const redis = connectCache(cluster.url)
  onTestFinished(() => redis.disconnect())
  const loadMany = (wanted: string[]) => texts.readMany(wanted, AbortSignal.timeout(5_000))
  const load = (id: string) => texts.read(id, AbortSignal.timeout(5_000))
  const cache = createCacheAside<Text>({ redis, name: 'text', load, loadMany })
  const wanted = ids('d', 30)
  const first = await cache.getMany(wanted)
  expect(first.map(({ status }) => status.stored)).toEqual(wanted.map(() => true))
})

timed('G10: bad content is a miss and is replaced, on every shard', fleet, async () => {
  const { cache, redis } = await open()
  const wanted = ids('e', 9)
  await Promise.all(wanted.map((id) => texts.write(id, id)))
  await cache.getMany(wanted)
  for (const [n, id] of wanted.entries()) {
    const key = cache.key(id)
    if (n % 3 === 0) await redis.set(key, 'garbage')
    else if (n % 3 === 1) await redis.del(key).then(() => redis.lpush(key, 'garbage'))
    else await redis.set(key, (await redis.get(key))?.slice(0, -1) ?? '')
  }
  for (const id of wanted.slice(0, 3)) {
    expect(await cache.get(id)).toMatchObject({ value: { text: id }, status: { stored: true } })
  }
  const rest = wanted.slice(3)
  const answers = await cache.getMany(rest)
  expect(answers.map(({ value }) => value?.text)).toEqual(rest)
  expect(answers.every(({ status }) => status.stored)).toBe(true)
  expect((await cache.getMany(wanted)).every(({ status }) => status.hit)).toBe(true)
})

timed('G10: a value loaded before a write is not stored after it', fleet, async () => {
  const held = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const { cache } = await open({
    async load(id, { signal }) {
      const found = await texts.read(id, signal)
      reached.resolve()
      await held.promise
      return found
    },
  })
  const other = (await open()).cache
  await texts.write('f', 'old')
  const slow = cache.get('f')
  await reached.promise
  await other.write('f', () => texts.write('f', 'new'))
  held.resolve()
  expect((await slow).status.stored).toBeUndefined()
  expect(await cache.get('f')).toMatchObject({ value: { text: 'new' } })
})
