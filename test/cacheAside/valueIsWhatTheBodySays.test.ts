import { expect, test } from 'vitest'
import { type CacheResult, createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { freshRedis } from '../support/redis.ts'

const born = new Date('2026-01-02T03:04:05Z')
/** What JSON makes of it is something else. */
const own = {
  born,
  name: 'Größe 🙂',
  tags: new Set(['a']),
  none: undefined,
  list: [undefined, { deep: born }],
}
const said = { born: born.toJSON(), name: 'Größe 🙂', tags: {}, list: [null, { deep: born.toJSON() }] }

const open = (url: string) =>
  createCacheAside<unknown>({
    redis: connectRedis(url),
    name: 'any',
    load: async () => ({ value: own, version: 1 }),
    loadMany: async (ids) => new Map(ids.map((id) => [id, { value: own, version: 1 }])),
  })

/** Every part of it, and itself. */
const parts = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(parts)] : []

function expectWhatTheBodySays({ value, body, bytes }: CacheResult<unknown>) {
  expect(bytes).toBe(Buffer.byteLength(body ?? ''))
  expect(value).toEqual(said)
  expect(value).toEqual(JSON.parse(body ?? ''))
  expect(Object.keys(value as object)).toEqual(['born', 'name', 'tags', 'list'])
  expect(parts(value).every((part) => Object.isFrozen(part))).toBe(true)
}

test('on a miss, on a hit, for those who joined, and in a list, the value is what the body says, frozen', async () => {
  const { url } = await freshRedis()
  const cache = open(url)
  for (const answer of await Promise.all(Array.from({ length: 5 }, () => cache.get('a'))))
    expectWhatTheBodySays(answer)
  expectWhatTheBodySays(await cache.get('a'))
  for (const answer of await cache.getMany(['a', 'b', 'c'])) expectWhatTheBodySays(answer)
  for (const answer of await cache.getMany(['a', 'b', 'c'])) expectWhatTheBodySays(answer)
})

test('also while Redis is away', async () => {
  const cache = open(`redis://127.0.0.1:${await freePort()}`)
  for (let n = 0; n < 6; n++) expectWhatTheBodySays(await cache.get('a'))
  for (const answer of await cache.getMany(['a', 'b'])) expectWhatTheBodySays(answer)
})

test("the loader's own object stays as it is", async () => {
  const { url } = await freshRedis()
  const { value } = await open(url).get('a')
  expect(value).not.toBe(own)
  expect(Object.isFrozen(own)).toBe(false)
  expect(own.born).toBe(born)
})
