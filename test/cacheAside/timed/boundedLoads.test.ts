import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { Overloaded } from '../../../lib/cacheAside/index.ts'
import { freePort } from '../../../lib/local/servers/ports.ts'
import { openCache } from '../../support/cache.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

timed(
  'G7: at most maxConcurrentLoads loads run at once; the others follow as permits become free',
  testbed,
  async () => {
    let running = 0
    let mostRunning = 0
    const { cache } = await testbed.open({
      maxConcurrentLoads: 4,
      load: async (id) => {
        mostRunning = Math.max(mostRunning, ++running)
        await sleep(20)
        running--
        return { value: { text: id }, version: 1 }
      },
    })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => cache.get(`id${n}`)))
    expect(answers.map(({ value }) => value?.text)).toEqual(Array.from({ length: 40 }, (_, n) => `id${n}`))
    expect(mostRunning).toBe(4)
  },
)

timed(
  'G7: a load that cannot start in time is refused with a typed error, and no permit is lost',
  testbed,
  async () => {
    const { cache, events } = await testbed.open({
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

timed('G7: ten callers of one id that wait for the same permit make one load', testbed, async () => {
  const loads: string[] = []
  const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, testbed.database, {
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
  'G7: while Redis is away, an id is loaded once per fallbackMs, however many callers ask for it',
  testbed,
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

timed('G2: a process reads its own writes while Redis is away', testbed, async ({ database }) => {
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
