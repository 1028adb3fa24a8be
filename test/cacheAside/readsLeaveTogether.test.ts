import type { Duplex } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { freshCache, freshDatabase } from '../support/cache.ts'

const ids = Array.from({ length: 100 }, (_, n) => `p-${n}`)

/** Counts how often a stream hands data to the operating system. */
function countWrites(stream: Duplex): () => number {
  const single = vi.spyOn(stream, '_write')
  const many = vi.spyOn(stream as Required<Duplex>, '_writev')
  return () => single.mock.calls.length + many.mock.calls.length
}

/** Opens a cache that holds a hundred fresh entries. */
async function openFilledCache() {
  const database = await freshDatabase()
  for (const id of ids) await database.write(id, `text of ${id}`)
  const opened = await freshCache(database)
  await opened.cache.getMany(ids)
  return { ...opened, writes: countWrites(opened.redis.stream) }
}

test('a single read is sent at once', async () => {
  const { cache, writes } = await openFilledCache()
  const answer = cache.get('p-1')
  expect(writes()).toBe(1)
  expect((await answer).status.hit).toBe(true)
})

test('the reads of a hundred callers are sent in two writes', async () => {
  const { cache, writes } = await openFilledCache()
  const texts = await Promise.all(ids.map(async (id) => (await cache.get(id)).body))
  expect(texts).toEqual(ids.map((id) => JSON.stringify({ text: `text of ${id}` })))
  expect(writes()).toBe(2)
})

test('reads that come one by one while others are under way are sent together too', async () => {
  const { cache, writes } = await openFilledCache()
  const first = cache.get('p-0')
  // Like the requests of fifty connections, each in its own turn of the event loop.
  const others = ids
    .slice(1, 51)
    .map(
      (id) =>
        new Promise<string | undefined>((resolve, reject) =>
          setImmediate(() => cache.get(id).then(({ body }) => resolve(body), reject)),
        ),
    )
  await first
  const texts = await Promise.all(others)
  expect(texts).toEqual(ids.slice(1, 51).map((id) => JSON.stringify({ text: `text of ${id}` })))
  // If the first read is answered before the others come, the next one is sent at once too.
  expect(writes()).toBeLessThanOrEqual(3)
})

test('reads that wait to be sent together are not lost if the connection breaks', async () => {
  const { cache, redis } = await openFilledCache()
  const answers = ids.map((id) => cache.get(id))
  redis.stream.destroy()
  for (const answer of await Promise.all(answers)) expect(answer.body).toContain('text of')
  expect((await cache.get('p-1')).body).toBe('{"text":"text of p-1"}')
})
