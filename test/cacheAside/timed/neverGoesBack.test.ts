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
