import { expect, test, vi } from 'vitest'
import { freshCache, freshDatabase } from '../support/cache.ts'

const ids = Array.from({ length: 100 }, (_, n) => `p-${n}`)

/** How often the client hands something to the system. */
function writesOf(stream: { _write: unknown; _writev?: unknown }): () => number {
  const one = vi.spyOn(stream as { _write: () => void }, '_write')
  const many = vi.spyOn(stream as { _writev: () => void }, '_writev')
  return () => one.mock.calls.length + many.mock.calls.length
}

async function hitsOfAHundred() {
  const database = await freshDatabase()
  for (const id of ids) await database.write(id, `text of ${id}`)
  const opened = await freshCache(database)
  await opened.cache.getMany(ids)
  return { ...opened, writes: writesOf(opened.redis.stream as never) }
}

test('a read that is alone leaves at once', async () => {
  const { cache, writes } = await hitsOfAHundred()
  const answer = cache.get('p-1')
  expect(writes()).toBe(1)
  expect((await answer).status.hit).toBe(true)
})

test('the reads of a hundred callers leave in two writes', async () => {
  const { cache, writes } = await hitsOfAHundred()
  const texts = await Promise.all(ids.map(async (id) => (await cache.get(id)).body))
  expect(texts).toEqual(ids.map((id) => JSON.stringify({ text: `text of ${id}` })))
  expect(writes()).toBe(2)
})

test('reads that come one by one while others are under way leave together as well', async () => {
  const { cache, writes } = await hitsOfAHundred()
  const first = cache.get('p-0')
  // As the requests of fifty connections come: each in a turn of its own.
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
  // Where the first is answered before the others come, the next of them leaves at once too.
  expect(writes()).toBeLessThanOrEqual(3)
})

test('reads that wait to leave together are not lost when the connection breaks under them', async () => {
  const { cache, redis } = await hitsOfAHundred()
  const answers = ids.map((id) => cache.get(id))
  redis.stream.destroy()
  for (const answer of await Promise.all(answers)) expect(answer.body).toContain('text of')
  expect((await cache.get('p-1')).body).toBe('{"text":"text of p-1"}')
})
