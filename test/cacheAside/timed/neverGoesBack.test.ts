import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { CacheResult } from '../../../lib/cacheAside/index.ts'
import type { Text } from '../../support/cache.ts'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace({ texts: { a: 'old', b: 'old' } })

const said = ({ value }: CacheResult<Text>) => value?.text

/** How a reader asks for both ids. */
const ways = {
  'by get': async ({ get }: Awaited<ReturnType<typeof place.open>>['cache']) => [
    said(await get('a')),
    said(await get('b')),
  ],
  'in a list': async ({ getMany }: Awaited<ReturnType<typeof place.open>>['cache']) =>
    (await getMany(['a', 'b'])).map(said),
}

for (const [how, ask] of Object.entries(ways)) {
  timed(
    `G2: a process never goes back behind what it has served past Redis, ${how}`,
    place,
    async ({ database, wire }) => {
      const [writer, reader] = [await place.open(), await place.open()]
      expect(await ask(reader.cache)).toEqual(['old', 'old'])
      await wire.close()
      for (const id of ['a', 'b']) {
        const written = await writer.cache.write(id, () => database.write(id, 'new'))
        expect(written.invalidation).toBe('deferred')
      }
      expect(await ask(reader.cache)).toEqual(['new', 'new'])
      await wire.reset()
      // The entries of before are still there, and nobody else removes them.
      const end = performance.now() + 2000
      const all = new Set<string>()
      while (performance.now() < end) {
        all.add(String(await ask(reader.cache)))
        await sleep(5)
      }
      expect([...all]).toEqual(['new,new'])
      expect((await reader.cache.get('a')).status.hit).toBe(true)
    },
  )
}

timed('G2: nor behind an answer that nothing exists', place, async ({ database, wire }) => {
  let exists = true
  const reader = await place.open({ load: async (id) => (exists ? database.read(id) : undefined) })
  expect(said(await reader.cache.get('a'))).toBe('old')
  await wire.close()
  exists = false
  expect(said(await reader.cache.get('a'))).toBeUndefined()
  await wire.reset()
  await expect.poll(async () => (await reader.cache.get('a')).status.hit, { timeout: 5000 }).toBe(true)
  expect(said(await reader.cache.get('a'))).toBeUndefined()
})

timed('G2: an entry that is as new as what was served stays', place, async ({ database, wire }) => {
  const [other, reader] = [await place.open(), await place.open()]
  await wire.close()
  expect(said(await reader.cache.get('a'))).toBe('old')
  await wire.reset()
  await expect.poll(async () => (await other.cache.get('a')).status.hit, { timeout: 5000 }).toBe(true)
  const { reads } = database
  await expect.poll(async () => (await reader.cache.get('a')).status.hit, { timeout: 5000 }).toBe(true)
  expect(database.reads).toBe(reads)
})

timed('G2: what a reader owes is delivered though it is never read again', place, async ({ wire }) => {
  const { cache, redis } = await place.open()
  await wire.close()
  await cache.getMany(['a', 'b'])
  await wire.reset()
  const server = await place.open()
  await server.redis.set(cache.key('b'), 'what no reader takes for an entry')
  await expect.poll(async () => (await cache.get('a')).status.hit, { timeout: 5000 }).toBe(true)
  await expect.poll(() => redis.exists(cache.key('b')), { timeout: 8000 }).toBe(0)
})

timed('G2: nor behind what it has loaded beside an entry of another schema', place, async ({ database }) => {
  const [old, reader, other] = [
    await place.open({ schema: '1' }),
    await place.open({ schema: '2' }),
    await place.open({ schema: '2' }),
  ]
  await old.cache.get('a')
  await reader.cache.get('b')
  // It steps aside, and has not read the database yet.
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const slow = await place.open({
    schema: '2',
    load: async (id) => {
      begun.resolve()
      await goOn.promise
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
  // Somebody whose Redis is away writes, so that nothing is removed.
  await database.write('a', 'new')
  goOn.resolve()
  expect(said(await first)).toBe('new')
  held.release()
  expect((await stored).status.stored).toBe(true)
  for (let n = 0; n < 3; n++) expect(said(await slow.cache.get('a'))).toBe('new')
})

timed('G2: nor while other reads are under way', place, async ({ database }) => {
  const [reader, other] = [await place.open(), await place.open()]
  for (const id of ['b', 'c', 'd']) await reader.cache.get(id)
  let isOver = false
  const busy = ['b', 'c', 'd', 'b', 'c', 'd'].map(async (id) => {
    while (!isOver) {
      await reader.cache.get(id)
      await new Promise(setImmediate)
    }
  })
  const back: string[] = []
  for (let n = 0; n < 30; n++) {
    const id = `x${n}`
    await database.write(id, 'old')
    const held = database.holdNextRead()
    const stored = other.cache.get(id)
    await held.reached
    await database.write(id, 'new')
    // It waits for half of its time, and then loads for itself.
    const first = reader.cache.get(id, { budgetMs: 200 })
    setTimeout(held.release, 112)
    if (said(await first) === 'new' && said(await reader.cache.get(id)) === 'old') back.push(id)
    await stored
  }
  isOver = true
  await Promise.all(busy)
  expect(back).toEqual([])
})
