import { expect, test } from 'vitest'
import { LoadFailed } from '../../lib/cacheAside/index.ts'
import { freshCache, freshDatabase, openCache, type Text } from '../support/cache.ts'

const database = await freshDatabase()
await Promise.all(['a', 'b', 'c'].map((id) => database.write(id, id)))

test('an Error that loadMany returns for one id fails that id alone, and the others are filled', async () => {
  let failure: Error | undefined = new Error('This item is broken')
  const loadMany = async (ids: string[]) => {
    const loaded = ids.map(async (id) => [id, (id === 'b' && failure) || (await database.read(id))] as const)
    return new Map(await Promise.all(loaded))
  }
  const { server, cache, redis, events } = await freshCache(database, { loadMany })
  const [a, b, c, nothing] = await cache.getMany(['a', 'b', 'c', 'nothing'])
  expect([a, c].map((result) => result?.value as Text | undefined)).toEqual([{ text: 'a' }, { text: 'c' }])
  for (const result of [a, c, nothing]) {
    expect(result?.error).toBeUndefined()
    expect(result?.status).toMatchObject({ stored: true })
  }
  expect(b?.error).toBeInstanceOf(LoadFailed)
  expect(b?.error?.cause).toBe(failure)
  expect(b?.value).toBeUndefined()
  expect(events.filter(({ type }) => type === 'load-failed')).toMatchObject([
    { id: 'b', error: { cause: failure } },
  ])
  // The lease is replaced by the mark of a failed load, for a fraction of a second.
  expect(await redis.get(cache.key('b'))).toMatch(/^L/)
  expect(await redis.pttl(cache.key('b'))).toBeLessThanOrEqual(200)
  failure = undefined
  const other = openCache(server.url, database, { loadMany })
  await expect
    .poll(async () => (await other.cache.getMany(['a', 'b'])).map(({ value }) => value), { timeout: 3000 })
    .toEqual([{ text: 'a' }, { text: 'b' }])
})
