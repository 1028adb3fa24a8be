import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshCache, freshDatabase } from '../support/cache.ts'

const database = await freshDatabase()
await Promise.all(['a', 'b', 'c'].map((id) => database.write(id, id)))
const options = { ttl: 300, jitter: 0, staleWhileRevalidate: 60_000, staleIfError: 60_000 }

type Cache = Awaited<ReturnType<typeof freshCache>>['cache']

/** The calls that answer, each with what happens before it. */
const calls: Record<
  string,
  { before?: (cache: Cache) => Promise<unknown>; call: (cache: Cache) => Promise<unknown> }
> = {
  'a miss': { call: (cache) => cache.get('a') },
  'a hit': { before: (cache) => cache.get('a'), call: (cache) => cache.get('a') },
  'a read of a missing id': { call: (cache) => cache.get('nothing') },
  'a refresh': {
    before: async (cache) => [await cache.get('a'), await sleep(350)],
    call: (cache) => cache.get('a'),
  },
  'a list': {
    before: (cache) => cache.get('b'),
    call: (cache) => cache.getMany(['a', 'b', 'c', 'nothing']),
  },
  'a write': {
    before: (cache) => cache.get('a'),
    call: (cache) => cache.write('a', () => database.write('a', 'new')),
  },
  'an invalidation': { call: (cache) => cache.invalidate('a') },
  warming: { call: (cache) => cache.warm(['a', 'b']) },
}

for (const [title, { before, call }] of Object.entries(calls)) {
  test(`G9: ${title} has nothing left to do when it answers, so a sandbox can be frozen then`, async () => {
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
