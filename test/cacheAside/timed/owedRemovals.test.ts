import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { CacheEvent } from '../../../lib/cacheAside/index.ts'
import { createCacheAside } from '../../../lib/cacheAside/index.ts'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()

/** A writer of products that have a page and reviews, with a client of its own. */
async function openWriter(onEvent: (event: CacheEvent) => void = () => {}) {
  const { cache: products, redis } = await place.open({ onEvent })
  const load = async () => ({ value: { text: 'x' }, version: 1 })
  const also = ['page', 'reviews'].map((name) => createCacheAside({ redis, name, load }))
  return { products, also, redis }
}

timed(
  'G5: all that a writer owes goes with the first removal that is confirmed',
  place,
  async ({ database, wire }) => {
    const ids = Array.from({ length: 400 }, (_, n) => `id${n}`)
    const reader = (await place.open()).cache
    const { products, also } = await openWriter()
    for (const id of ids) await database.write(id, 'old')
    await reader.getMany(ids)
    await wire.close()
    const outcomes = await Promise.all(ids.map((id) => products.invalidate(id, { also })))
    expect(new Set(outcomes)).toEqual(new Set(['deferred']))
    await wire.reset()
    await expect.poll(() => products.invalidate('another')).toBe('done')
    const inspected = await Promise.all(ids.map((id) => reader.inspect(id)))
    expect(inspected.filter(({ state }) => state !== 'nothing')).toEqual([])
  },
)

timed(
  'G5: ten thousand ids are owed, whatever each of them has beside it; then the oldest is forgotten by its name',
  place,
  async ({ wire }) => {
    const forgotten: string[] = []
    const { products, also } = await openWriter((event) => {
      if (event.type === 'removal-forgotten') forgotten.push(event.id)
    })
    await wire.close()
    for (let from = 0; from < 10_000; from += 500) {
      const some = Array.from({ length: 500 }, (_, n) => `id${from + n}`)
      for (const outcome of await Promise.all(some.map((id) => products.invalidate(id, { also }))))
        expect(outcome).toBe('deferred')
    }
    expect(forgotten).toEqual([])
    for (const id of ['new1', 'new2']) await products.invalidate(id, { also })
    expect(forgotten).toEqual(['id0', 'id1'])
  },
)

timed(
  'what a reader owes costs no round trip: one late answer of a slow Redis ends no hits',
  place,
  async ({ database, wire }) => {
    await database.write('a', 'x')
    const { cache } = await place.open()
    await cache.get('a')
    // An answer takes 70 ms of the 100 that a call has.
    await wire.delay(35)
    expect((await cache.get('a')).status.hit).toBe(true)
    await wire.keep('down')
    const late = cache.get('a')
    await sleep(190)
    await wire.release()
    expect((await late).status).toMatchObject({ detail: 'redis-timeout' })
    await sleep(200)
    const hits: boolean[] = []
    for (let n = 0; n < 20; n++) hits.push((await cache.get('a')).status.hit)
    expect(hits.filter((hit) => !hit)).toHaveLength(0)
  },
)
