import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type CacheAsideOptions, createCacheAside } from '../lib/cacheAside/index.ts'
import { connectCache } from '../lib/redis.ts'
import { startCluster } from './support/cluster.ts'
import { freshTables } from './support/dynamodb.ts'
import { type Text, textsIn } from './support/texts.ts'

const cluster = await startCluster()
afterAll(cluster.stop)
const { db, table } = await freshTables()
const texts = textsIn(db, table)
const loads: string[][] = []
beforeEach(() => void loads.splice(0))

/** A cache with a client of its own, as another process has it. */
function open(options: Partial<CacheAsideOptions<Text>> = {}) {
  const redis = connectCache(cluster.url)
  onTestFinished(() => redis.disconnect())
  const cache = createCacheAside<Text>({
    redis,
    name: 'text',
    cacheTimeoutMs: 1000,
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
  return { redis, cache }
}

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)

test('reads, writes and removals reach every shard', async () => {
  const { cache } = open()
  const other = open().cache
  const masters = new Set<number>()
  for (const id of ids('a', 12)) {
    masters.add((await cluster.masterOf(cache.key(id))).port)
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

test('one atomic command removes the entries of an id in all caches', async () => {
  const { cache, redis } = open()
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

test('a hundred ids over all shards are one load, and then hits', async () => {
  const { cache } = open()
  const wanted = ids('c', 100)
  await Promise.all(wanted.slice(0, 99).map((id) => texts.write(id, id)))
  const first = await cache.getMany(wanted)
  expect(first.map(({ value }) => value?.text)).toEqual([...wanted.slice(0, 99), undefined])
  expect(first.every(({ status }) => status.stored)).toBe(true)
  expect(loads.map((each) => each.length)).toEqual([100])
  const again = await open().cache.getMany([...wanted, 'c5'])
  expect(again.map(({ value }) => value?.text)).toEqual([...wanted.slice(0, 99), undefined, 'c5'])
  expect(again.every(({ status }) => status.hit)).toBe(true)
})

test('the first call of a client may be for many', async () => {
  const { cache } = open()
  const wanted = ids('d', 30)
  const first = await cache.getMany(wanted)
  expect(first.map(({ status }) => status.stored)).toEqual(wanted.map(() => true))
})

test('what is no entry is a miss and replaced, on every shard', async () => {
  const { cache, redis } = open()
  const wanted = ids('e', 9)
  await Promise.all(wanted.map((id) => texts.write(id, id)))
  await cache.getMany(wanted)
  for (const [n, id] of wanted.entries()) {
    const key = cache.key(id)
    if (n % 3 === 0) await redis.set(key, 'rubbish')
    else if (n % 3 === 1) await redis.del(key).then(() => redis.lpush(key, 'rubbish'))
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

test('a load from before a write is not stored after it', async () => {
  const held = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const { cache } = open({
    async load(id, { signal }) {
      const found = await texts.read(id, signal)
      reached.resolve()
      await held.promise
      return found
    },
  })
  const other = open().cache
  await texts.write('f', 'old')
  const slow = cache.get('f')
  await reached.promise
  await other.write('f', () => texts.write('f', 'new'))
  held.resolve()
  expect((await slow).status.stored).toBeUndefined()
  expect(await cache.get('f')).toMatchObject({ value: { text: 'new' } })
})
