import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { CacheEvent } from '../../../lib/cacheAside/index.ts'
import { createCacheAside } from '../../../lib/cacheAside/index.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

/** Opens a writer of products, each with a page and reviews, with its own client. */
async function openWriter(onEvent: (event: CacheEvent) => void = () => {}) {
  const { cache: products, redis } = await testbed.open({ onEvent })
  const load = async () => ({ value: { text: 'x' }, version: 1 })
  const also = ['page', 'reviews'].map((name) => createCacheAside({ redis, name, load }))
  return { products, also, redis }
}

timed('G5: the first confirmed removal delivers the whole outbox', testbed, async ({ database, wire }) => {
  const ids = Array.from({ length: 400 }, (_, n) => `id${n}`)
  const reader = (await testbed.open()).cache
  const { products, also } = await openWriter()
  for (const id of ids) await database.write(id, 'old')
  await reader.getMany(ids)
  await wire.close()
  const outcomes = await Promise.all(ids.map((id) => products.invalidate(id, { also })))
  expect(new Set(outcomes)).toEqual(new Set(['deferred']))
  await wire.reset()
  await expect.poll(() => products.invalidate('other')).toBe('done')
  const inspected = await Promise.all(ids.map((id) => reader.inspect(id)))
  expect(inspected.filter(({ state }) => state !== 'nothing')).toEqual([])
})

timed(
  'G5: the outbox holds ten thousand ids, however many caches each has; then it reports the oldest as forgotten',
  testbed,
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
  'a removal that a reader adds takes no extra round trip: after one late reply of a slow Redis, hits continue',
  testbed,
  async ({ database, wire }) => {
    await database.write('a', 'x')
    const { cache } = await testbed.open()
    await cache.get('a')
    // A reply takes 70 ms, and a call waits for 100 ms.
    await wire.delay(35)
    expect((await cache.get('a')).status.hit).toBe(true)
    await wire.hold('down')
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
