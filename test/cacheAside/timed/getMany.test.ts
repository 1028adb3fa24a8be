import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { LoadFailed } from '../../../lib/cacheAside/index.ts'
import { freePort } from '../../../lib/local/servers/server.ts'
import { type Database, openCache } from '../../support/cache.ts'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

/** Counts its calls. */
function loadMany(from: Database) {
  const asked: string[][] = []
  const load = async (ids: string[]) => {
    asked.push(ids)
    return new Map(await Promise.all(ids.map(async (id) => [id, await from.read(id)] as const)))
  }
  return { asked, load }
}

const ids = Array.from({ length: 100 }, (_, n) => `id${n}`)
const place = await startPlace({ texts: Object.fromEntries(ids.map((id) => [id, `text of ${id}`])) })

describe('a hundred ids', () => {
  timed('G3: cold: one loadMany, all stored; then all hits without a load', place, async ({ database }) => {
    const many = loadMany(database)
    const { cache } = await place.open({ loadMany: many.load })
    const first = await cache.getMany(ids)
    expect(first.map(({ value }) => value?.text)).toEqual(ids.map((id) => `text of ${id}`))
    for (const { status } of first)
      expect(status).toMatchObject({ hit: false, fwd: 'uri-miss', stored: true })
    expect(many.asked).toEqual([ids])
    const second = await cache.getMany(ids)
    for (const { status } of second) expect(status).toMatchObject({ hit: true })
    expect(second.map(({ body }) => body)).toEqual(first.map(({ body }) => body))
    expect(many.asked).toHaveLength(1)
  })

  timed(
    'G3: some cached: only the misses are loaded, and the order, duplicates and what does not exist are kept',
    place,
    async ({ database }) => {
      const many = loadMany(database)
      const { cache } = await place.open({ loadMany: many.load })
      await cache.get('id3')
      const results = await cache.getMany(['id5', 'id3', 'nothing', 'id5'])
      expect(results.map(({ value }) => value?.text)).toEqual([
        'text of id5',
        'text of id3',
        undefined,
        'text of id5',
      ])
      expect(results[1]?.status.hit).toBe(true)
      expect(many.asked).toEqual([['id5', 'nothing']])
      expect((await cache.get('nothing')).status.hit).toBe(true)
    },
  )

  timed('G3: without loadMany each miss is loaded by load', place, async () => {
    const { cache } = await place.open()
    const results = await cache.getMany(['id1', 'id2'])
    expect(results).toMatchObject([{ value: { text: 'text of id1' } }, { value: { text: 'text of id2' } }])
    expect((await cache.get('id2')).status.hit).toBe(true)
  })

  timed('G3: none: no id, no work; an empty id is refused', place, async () => {
    const { cache } = await place.open()
    expect(await cache.getMany([])).toEqual([])
    await expect(cache.getMany(['a', ''])).rejects.toThrow(TypeError)
  })
})

timed(
  'G3: a write during the load keeps that one value out of the cache, and the others in',
  place,
  async ({ database }) => {
    const { cache } = await place.open({ loadMany: loadMany(database).load })
    const writer = (await place.open()).cache
    const { reached, release } = database.holdNextRead()
    const slow = cache.getMany(['id1', 'id2'])
    await reached
    await writer.write('id1', () => database.write('id1', 'newer'))
    release()
    const [one, two] = await slow
    expect(one?.status.stored).toBeUndefined()
    expect(two?.status.stored).toBe(true)
    expect((await cache.get('id1')).value).toEqual({ text: 'newer' })
  },
)

timed(
  'G3: ids that another caller is loading are waited for, the others are loaded meanwhile',
  place,
  async ({ database }) => {
    const many = loadMany(database)
    const { cache } = await place.open({ loadMany: many.load })
    const other = (await place.open()).cache
    const { reached, release } = database.holdNextRead()
    const theirs = other.get('id10')
    await reached
    const ours = cache.getMany(['id10', 'id11'])
    await expect.poll(() => many.asked).toEqual([['id11']])
    release()
    expect(await ours).toMatchObject([
      { value: { text: 'text of id10' }, status: { collapsed: true } },
      { status: { stored: true } },
    ])
    await theirs
  },
)

timed(
  'G3: each id has its own error, the others are answered, and a stale one is served instead',
  place,
  async ({ database }) => {
    const options = { ttl: 100, jitter: 0, staleIfError: 60_000 }
    const { cache } = await place.open({ ...options, loadMany: loadMany(database).load })
    await cache.get('id20')
    await sleep(150)
    await cache.get('id21')
    database.failure = new Error('throttled')
    const [stale, hit, failed] = await cache.getMany(['id20', 'id21', 'id22'])
    expect(stale).toMatchObject({
      value: { text: 'text of id20' },
      status: { fwd: 'stale', detail: 'load-failed' },
    })
    expect(hit?.status.hit).toBe(true)
    expect(failed).toMatchObject({ value: undefined, error: expect.any(LoadFailed) })
    expect(failed?.error).toMatchObject({ id: 'id22', cause: database.failure })
  },
)

timed('G3: bad content of one key is a miss of that one', place, async () => {
  const { cache, redis } = await place.open()
  await cache.getMany(['id30', 'id31', 'id32'])
  await redis.multi().del(cache.key('id30')).rpush(cache.key('id30'), 'x').exec()
  await redis.set(cache.key('id31'), 'garbage')
  const results = await cache.getMany(['id30', 'id31', 'id32'])
  expect(results.map(({ value }) => value?.text)).toEqual(['text of id30', 'text of id31', 'text of id32'])
  expect(results.map(({ status }) => status.hit)).toEqual([false, false, true])
})

timed(
  'G3: with Redis away all are answered by one loadMany, and again from the fallback',
  place,
  async ({ database }) => {
    const many = loadMany(database)
    const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database, { loadMany: many.load })
    for (let n = 0; n < 3; n++) await cache.get('other')
    const first = await cache.getMany(['id1', 'id2'])
    expect(first).toMatchObject([{ status: { fwd: 'bypass' } }, { status: { fwd: 'bypass' } }])
    expect(await cache.getMany(['id1', 'id2'])).toMatchObject([
      { status: { detail: 'fallback' } },
      { status: { detail: 'fallback' } },
    ])
    expect(many.asked).toEqual([['id1', 'id2']])
  },
)

timed('G3: a Redis that hangs costs all of them one time budget', place, async ({ database, server }) => {
  const { cache } = await place.open({ loadMany: loadMany(database).load })
  await cache.getMany(ids)
  server.process.kill('SIGSTOP')
  const results = await cache.getMany(ids)
  for (const { status } of results) expect(status).toMatchObject({ fwd: 'bypass' })
  server.process.kill('SIGCONT')
})

timed('G3: an owed removal is delivered before its id is read', place, async ({ database, server }) => {
  const { cache } = await place.open()
  await cache.getMany(['id40', 'id41'])
  server.process.kill('SIGSTOP')
  expect(await cache.write('id40', () => database.write('id40', 'new'))).toMatchObject({
    invalidation: 'deferred',
  })
  server.process.kill('SIGCONT')
  await expect
    .poll(
      async () => {
        const [owed] = await cache.getMany(['id40', 'id41'])
        expect(owed?.value).toEqual({ text: 'new' })
        return owed?.status.hit
      },
      { timeout: 3000 },
    )
    .toBe(true)
})
