import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { Overloaded } from '../../../lib/cacheAside/index.ts'
import { freePort } from '../../../lib/local/servers/server.ts'
import { openCache } from '../../support/cache.ts'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()

timed(
  'G7: no more loads run at once than are allowed, and the others follow as slots come free',
  place,
  async () => {
    let running = 0
    let most = 0
    const { cache } = await place.open({
      maxConcurrentLoads: 4,
      load: async (id) => {
        most = Math.max(most, ++running)
        await sleep(20)
        running--
        return { value: { text: id }, version: 1 }
      },
    })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => cache.get(`id${n}`)))
    expect(answers.map(({ value }) => value?.text)).toEqual(Array.from({ length: 40 }, (_, n) => `id${n}`))
    expect(most).toBe(4)
  },
)

timed(
  'G7: what cannot begin in its time is refused with a typed error, and the slots are not lost',
  place,
  async () => {
    const { cache, events } = await place.open({
      maxConcurrentLoads: 2,
      load: async (id) => {
        await sleep(id.startsWith('slow') ? 400 : 1)
        return { value: { text: id }, version: 1 }
      },
    })
    const slow = ['slow1', 'slow2'].map((id) => cache.get(id))
    await sleep(50)
    const refused = await Promise.allSettled(['x', 'y', 'z'].map((id) => cache.get(id, { budgetMs: 200 })))
    for (const each of refused)
      expect(each).toMatchObject({ status: 'rejected', reason: expect.any(Overloaded) })
    expect(events.filter(({ type }) => type === 'overloaded')).toHaveLength(3)
    await Promise.all(slow)
    expect((await cache.get('later')).value).toEqual({ text: 'later' })
  },
)

timed('G7: so is one for which many wait that other loads come to an end', place, async () => {
  const loads: string[] = []
  const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, place.database, {
    maxConcurrentLoads: 1,
    load: async (id) => {
      loads.push(id)
      await sleep(id === 'slow' ? 200 : 20)
      return { value: { text: id }, version: 1 }
    },
  })
  // Three failures open the breaker.
  for (let n = 0; n < 3; n++) await cache.get(`first${n}`)
  const slow = cache.get('slow')
  await sleep(20)
  const waiting: Promise<unknown>[] = []
  for (let n = 0; n < 10; n++) {
    waiting.push(cache.get('x'))
    await sleep(10)
  }
  await Promise.all([slow, ...waiting])
  expect(loads.filter((id) => id === 'x')).toHaveLength(1)
})

timed(
  'G7: while Redis is away an id is loaded once in a moment, by whomever it is asked for',
  place,
  async ({ database }) => {
    const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database)
    await database.write('a', 'old')
    // Three failures open the breaker.
    for (let n = 0; n < 3; n++) await cache.get('other')
    const before = database.reads
    const answers = await Promise.all(Array.from({ length: 50 }, () => cache.get('a')))
    expect(database.reads - before).toBeLessThanOrEqual(2)
    for (const { value } of answers) expect(value).toEqual({ text: 'old' })
    expect((await cache.get('a')).status).toMatchObject({ fwd: 'bypass', detail: 'fallback' })
    await sleep(1050)
    await database.write('a', 'new')
    expect((await cache.get('a')).value).toEqual({ text: 'new' })
  },
)

timed('G7: a process reads its own writes, also while Redis is away', place, async ({ database }) => {
  const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database)
  await database.write('b', 'old')
  for (let n = 0; n < 4; n++) await cache.get('b')
  expect((await cache.get('b')).status.detail).toBe('fallback')
  const { reached, release } = database.holdNextRead()
  await cache.write('b', () => database.write('b', 'newer'))
  const slow = cache.get('b')
  await reached
  await cache.write('b', () => database.write('b', 'newest'))
  expect((await cache.get('b')).value).toEqual({ text: 'newest' })
  release()
  await slow
  expect((await cache.get('b')).value).toEqual({ text: 'newest' })
})
