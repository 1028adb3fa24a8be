import { expect, test } from 'vitest'
import { type CacheResult, createCacheAside } from '../../lib/cacheAside/index.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { freshRedis } from '../support/redis.ts'

const born = new Date('2026-01-02T03:04:05Z')
/** A value that JSON changes. */
const loaded = {
  born,
  name: 'Größe 🙂',
  tags: new Set(['a']),
  none: undefined,
  list: [undefined, { deep: born }],
}
const parsed = { born: born.toJSON(), name: 'Größe 🙂', tags: {}, list: [null, { deep: born.toJSON() }] }

const open = (url: string) =>
  createCacheAside<unknown>({
    redis: connectRedis(url),
    name: 'any',
    load: async () => ({ value: loaded, version: 1 }),
    loadMany: async (ids) => new Map(ids.map((id) => [id, { value: loaded, version: 1 }])),
  })

/** Returns a value and everything in it. */
const parts = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(parts)] : []

function expectParsedBody({ value, body, bytes }: CacheResult<unknown>) {
  expect(bytes).toBe(Buffer.byteLength(body ?? ''))
  expect(value).toEqual(parsed)
  expect(value).toEqual(JSON.parse(body ?? ''))
  expect(Object.keys(value as object)).toEqual(['born', 'name', 'tags', 'list'])
  expect(parts(value).every((part) => Object.isFrozen(part))).toBe(true)
}

test('the value is the parsed body, frozen: on a miss, on a hit, for collapsed callers and in a list', async () => {
  const { url } = await freshRedis()
  const cache = open(url)
  for (const answer of await Promise.all(Array.from({ length: 5 }, () => cache.get('a'))))
    expectParsedBody(answer)
  expectParsedBody(await cache.get('a'))
  for (const answer of await cache.getMany(['a', 'b', 'c'])) expectParsedBody(answer)
  for (const answer of await cache.getMany(['a', 'b', 'c'])) expectParsedBody(answer)
})

test('the value is the parsed body while Redis is away', async () => {
  const cache = open(`redis://127.0.0.1:${await freePort()}`)
  for (let n = 0; n < 6; n++) expectParsedBody(await cache.get('a'))
  for (const answer of await cache.getMany(['a', 'b'])) expectParsedBody(answer)
})

test('the object that the load returned is not changed', async () => {
  const { url } = await freshRedis()
  const { value } = await open(url).get('a')
  expect(value).not.toBe(loaded)
  expect(Object.isFrozen(loaded)).toBe(false)
  expect(loaded.born).toBe(born)
})
