import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshCache, freshDatabase } from '../support/cache.ts'

const database = await freshDatabase()
await Promise.all(['a', 'b', 'c'].map((id) => database.write(id, id)))
const options = { ttl: 300, jitter: 0, staleWhileRevalidate: 60_000, staleIfError: 60_000 }

type Cache = Awaited<ReturnType<typeof freshCache>>['cache']

/** Each way to an answer, after what has to be so before. */
const ways: Record<
  string,
  { before?: (cache: Cache) => Promise<unknown>; call: (cache: Cache) => Promise<unknown> }
> = {
  'a miss': { call: (cache) => cache.get('a') },
  'a hit': { before: (cache) => cache.get('a'), call: (cache) => cache.get('a') },
  'what does not exist': { call: (cache) => cache.get('nothing') },
  'a refresh': {
    before: async (cache) => [await cache.get('a'), await sleep(350)],
    call: (cache) => cache.get('a'),
  },
  'many at once': {
    before: (cache) => cache.get('b'),
    call: (cache) => cache.getMany(['a', 'b', 'c', 'nothing']),
  },
  'a write': {
    before: (cache) => cache.get('a'),
    call: (cache) => cache.write('a', () => database.write('a', 'new')),
  },
  'an invalidation': { call: (cache) => cache.invalidate('a') },
  'a warming': { call: (cache) => cache.warm(['a', 'b']) },
}

for (const [what, { before, call }] of Object.entries(ways)) {
  test(`${what}: a sandbox that is frozen with the answer has left nothing undone`, async () => {
    const { cache, redis } = await freshCache(database, options)
    let sent = 0
    let answered = 0
    const send = redis.sendCommand.bind(redis)
    redis.sendCommand = (...args: Parameters<typeof send>) => {
      sent++
      const promise = send(...args)
      const count = () => answered++
      ;(promise as Promise<unknown>).then(count, count)
      return promise
    }
    await before?.(cache)
    await call(cache)
    const [commands, loads] = [sent, database.reads]
    expect(answered).toBe(commands)
    await sleep(300)
    expect([sent, database.reads]).toEqual([commands, loads])
  })
}
