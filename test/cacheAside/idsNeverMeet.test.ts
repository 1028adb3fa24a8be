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
  const made = (name: string) =>
    createCacheAside({ redis, name, load: async (id) => ({ value: { id }, version: 1 }) })
  return { cache: made('text'), page: made('page') }
}

/** Ids that could be taken for a part of a key, or for each other. */
const odd = [
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

for (const [where, url] of Object.entries({
  'a single server': async () => (await freshRedis()).url,
  'a cluster': async () => cluster.url,
})) {
  test(`G10: every id has an entry of its own and is removed by itself, in ${where}`, async () => {
    const { cache, page } = open(await url())
    expect(new Set(odd.map((id) => cache.key(id))).size).toBe(odd.length)
    for (const id of odd) {
      expect(await cache.get(id)).toMatchObject({ value: { id }, status: { stored: true } })
      await page.get(id)
    }
    for (const id of odd) {
      expect(await cache.get(id)).toMatchObject({ value: { id }, status: { hit: true } })
      expect(await cache.invalidate(id, { also: [page] })).toBe('done')
      expect((await cache.get(id)).status.hit).toBe(false)
      expect((await page.get(id)).status.hit).toBe(false)
      expect(await cache.invalidate(id, { version: 2, also: [page] })).toBe('done')
    }
    const list = await cache.getMany(odd)
    expect(list.map(({ value }) => value)).toEqual(odd.map((id) => ({ id })))
  })
}

test('G8: a lone surrogate, which Redis cannot keep, is refused everywhere', async () => {
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
    // Refused before it could change the database.
    expect(commits).toBe(0)
  }
})

test('G10: a walk tells these ids as they are', async () => {
  const { cache } = open((await freshRedis()).url)
  await cache.getMany(odd)
  const found = new Set<string>()
  for await (const id of cache.scan()) found.add(id)
  expect([...found].sort()).toEqual([...odd].sort())
})

test('what is no id is refused by a promise, as every other failure is', async () => {
  const { cache } = open((await freshRedis()).url)
  for (const id of ['', '\ud800']) {
    await expect(cache.get(id)).rejects.toThrow(TypeError)
    await expect(cache.getMany(['a', id])).rejects.toThrow(TypeError)
    await expect(cache.invalidate(id)).rejects.toThrow(TypeError)
    await expect(cache.write(id, () => expect.unreachable('it commits'))).rejects.toThrow(TypeError)
  }
  await expect(cache.get('a', { budgetMs: Number.NaN })).rejects.toThrow(TypeError)
  for (const version of [Number.NaN, 1.5, -1])
    await expect(cache.invalidate('a', { version })).rejects.toThrow(TypeError)
})
