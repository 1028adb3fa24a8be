import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { startCluster } from '../support/cluster.ts'
import { freshRedis } from '../support/redis.ts'

const cluster = await startCluster({ replicas: false })
afterAll(cluster.stop)

function open(url: string) {
  const redis = connectCache(url)
  onTestFinished(() => redis.disconnect())
  const create = (name: string) =>
    createCacheAside({ redis, name, load: async (id) => ({ value: { id }, version: 1 }) })
  return { cache: create('text'), page: create('page') }
}

/** Ids that could be confused with a part of a key, or with each other. */
const oddIds = [
  '}',
  '}a',
  '\\}a',
  '\\',
  '\\a',
  '\\\\}a',
  'a',
  '{a',
  '{a}',
  'a}',
  '}{',
  '{}',
  '}:text',
  'a}:text:{a',
  '\ufffd',
]

for (const [place, url] of Object.entries({
  'a single server': async () => (await freshRedis()).url,
  'a cluster': async () => cluster.url,
})) {
  test(`G10: every id has an entry of its own and is removed on its own, on ${place}`, async () => {
    const { cache, page } = open(await url())
    expect(new Set(oddIds.map((id) => cache.key(id))).size).toBe(oddIds.length)
    for (const id of oddIds) {
      expect(await cache.get(id)).toMatchObject({ value: { id }, status: { stored: true } })
      await page.get(id)
    }
    for (const id of oddIds) {
      expect(await cache.get(id)).toMatchObject({ value: { id }, status: { hit: true } })
      expect(await cache.invalidate(id, { also: [page] })).toBe('done')
      expect((await cache.get(id)).status.hit).toBe(false)
      expect((await page.get(id)).status.hit).toBe(false)
      expect(await cache.invalidate(id, { version: 2, also: [page] })).toBe('done')
    }
    const list = await cache.getMany(oddIds)
    expect(list.map(({ value }) => value)).toEqual(oddIds.map((id) => ({ id })))
  })
}

test('G10: every method refuses an id with a lone surrogate, which Redis cannot store', async () => {
  const { cache } = open((await freshRedis()).url)
  await cache.get('\ufffd')
  for (const id of ['\ud800', 'a\udc00', '\udc00\ud800']) {
    await expect(async () => cache.get(id)).rejects.toThrow(TypeError)
    await expect(async () => cache.getMany(['a', id])).rejects.toThrow(TypeError)
    await expect(async () => cache.invalidate(id)).rejects.toThrow(TypeError)
    await expect(async () => cache.warm([id])).rejects.toThrow(TypeError)
    await expect(async () => cache.inspect(id)).rejects.toThrow(TypeError)
    expect(() => cache.key(id)).toThrow(TypeError)
    let commits = 0
    const write = async () => cache.write(id, async () => ({ value: { id }, version: ++commits }))
    await expect(write).rejects.toThrow(TypeError)
    // The id was refused before the database could change.
    expect(commits).toBe(0)
  }
})

test('a scan yields these ids unchanged', async () => {
  const { cache } = open((await freshRedis()).url)
  await cache.getMany(oddIds)
  const found = new Set<string>()
  for await (const id of cache.scan()) found.add(id)
  expect([...found].sort()).toEqual([...oddIds].sort())
})

test('an invalid argument rejects the promise, as every other failure does', async () => {
  const { cache } = open((await freshRedis()).url)
  for (const id of ['', '\ud800']) {
    await expect(cache.get(id)).rejects.toThrow(TypeError)
    await expect(cache.getMany(['a', id])).rejects.toThrow(TypeError)
    await expect(cache.invalidate(id)).rejects.toThrow(TypeError)
    await expect(cache.write(id, () => expect.unreachable('the write must not commit'))).rejects.toThrow(
      TypeError,
    )
  }
  await expect(cache.get('a', { budgetMs: Number.NaN })).rejects.toThrow(TypeError)
  for (const version of [Number.NaN, 1.5, -1])
    await expect(cache.invalidate('a', { version })).rejects.toThrow(TypeError)
})
