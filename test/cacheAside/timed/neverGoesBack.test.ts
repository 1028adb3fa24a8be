import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { CacheResult } from '../../../lib/cacheAside/index.ts'
import type { Text } from '../../support/cache.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed({ texts: { a: 'old', b: 'old' } })

const textOf = ({ value }: CacheResult<Text>) => value?.text

/** Each way to read both ids. */
const reads = {
  'by get': async ({ get }: Awaited<ReturnType<typeof testbed.open>>['cache']) => [
    textOf(await get('a')),
    textOf(await get('b')),
  ],
  'in a list': async ({ getMany }: Awaited<ReturnType<typeof testbed.open>>['cache']) =>
    (await getMany(['a', 'b'])).map(textOf),
}

for (const [title, read] of Object.entries(reads)) {
  timed(
    `G2: a process never serves a version older than the one it served without Redis, ${title}`,
    testbed,
    async ({ database, wire }) => {
      const [writer, reader] = [await testbed.open(), await testbed.open()]
      expect(await read(reader.cache)).toEqual(['old', 'old'])
      await wire.close()
      for (const id of ['a', 'b']) {
        const written = await writer.cache.write(id, () => database.write(id, 'new'))
        expect(written.invalidation).toBe('deferred')
      }
      expect(await read(reader.cache)).toEqual(['new', 'new'])
      await wire.reset()
      // The old entries are still in Redis, and no other process removes them.
      const end = performance.now() + 2000
      const seen = new Set<string>()
      while (performance.now() < end) {
        seen.add(String(await read(reader.cache)))
        await sleep(5)
      }
      expect([...seen]).toEqual(['new,new'])
      expect((await reader.cache.get('a')).status.hit).toBe(true)
    },
  )
}

timed(
  'G2: a process that has served "does not exist" never serves the older value',
  testbed,
  async ({ database, wire }) => {
    let exists = true
    const reader = await testbed.open({ load: async (id) => (exists ? database.read(id) : undefined) })
    expect(textOf(await reader.cache.get('a'))).toBe('old')
    await wire.close()
    exists = false
    expect(textOf(await reader.cache.get('a'))).toBeUndefined()
    await wire.reset()
    await expect.poll(async () => (await reader.cache.get('a')).status.hit, { timeout: 5000 }).toBe(true)
    expect(textOf(await reader.cache.get('a'))).toBeUndefined()
  },
)

timed('G2: an entry that is as new as the served value stays', testbed, async ({ database, wire }) => {
  const [other, reader] = [await testbed.open(), await testbed.open()]
  await wire.close()
  expect(textOf(await reader.cache.get('a'))).toBe('old')
  await wire.reset()
  await expect.poll(async () => (await other.cache.get('a')).status.hit, { timeout: 5000 }).toBe(true)
  const { reads } = database
  await expect.poll(async () => (await reader.cache.get('a')).status.hit, { timeout: 5000 }).toBe(true)
  expect(database.reads).toBe(reads)
})

timed(
  'G2: a reader delivers the removals in its outbox even if it never reads their ids again',
  testbed,
  async ({ wire }) => {
    const { cache, redis } = await testbed.open()
    await wire.close()
    await cache.getMany(['a', 'b'])
    await wire.reset()
    const server = await testbed.open()
    await server.redis.set(cache.key('b'), 'not an entry')
    await expect.poll(async () => (await cache.get('a')).status.hit, { timeout: 5000 }).toBe(true)
    await expect.poll(() => redis.exists(cache.key('b')), { timeout: 8000 }).toBe(0)
  },
)

timed(
  'G2: a process never serves a version older than the one it loaded for a side entry',
  testbed,
  async ({ database }) => {
    const [old, reader, other] = [
      await testbed.open({ schema: '1' }),
      await testbed.open({ schema: '2' }),
      await testbed.open({ schema: '2' }),
    ]
    await old.cache.get('a')
    await reader.cache.get('b')
    // This process loads for its side entry, and has not read the database yet.
    const begun = Promise.withResolvers<void>()
    const resume = Promise.withResolvers<void>()
    const slow = await testbed.open({
      schema: '2',
      load: async (id) => {
        begun.resolve()
        await resume.promise
        return database.read(id)
      },
    })
    await slow.cache.get('b')
    const first = slow.cache.get('a')
    await begun.promise
    await old.redis.del(old.cache.key('a'))
    const held = database.holdNextRead()
    const stored = other.cache.get('a')
    await held.reached
    // As if by a process that cannot reach Redis: nothing is removed.
    await database.write('a', 'new')
    resume.resolve()
    expect(textOf(await first)).toBe('new')
    held.release()
    expect((await stored).status.stored).toBe(true)
    for (let n = 0; n < 3; n++) expect(textOf(await slow.cache.get('a'))).toBe('new')
  },
)

timed(
  'G2: a process never serves an older version while other reads are under way',
  testbed,
  async ({ database }) => {
    const [reader, other] = [await testbed.open(), await testbed.open()]
    for (const id of ['b', 'c', 'd']) await reader.cache.get(id)
    let isOver = false
    const busy = ['b', 'c', 'd', 'b', 'c', 'd'].map(async (id) => {
      while (!isOver) {
        await reader.cache.get(id)
        await new Promise(setImmediate)
      }
    })
    const wentBack: string[] = []
    for (let n = 0; n < 30; n++) {
      const id = `x${n}`
      await database.write(id, 'old')
      const held = database.holdNextRead()
      const stored = other.cache.get(id)
      await held.reached
      await database.write(id, 'new')
      // This call waits for half of its time, and then loads for itself.
      const first = reader.cache.get(id, { budgetMs: 200 })
      setTimeout(held.release, 112)
      if (textOf(await first) === 'new' && textOf(await reader.cache.get(id)) === 'old') wentBack.push(id)
      await stored
    }
    isOver = true
    await Promise.all(busy)
    expect(wentBack).toEqual([])
  },
)
