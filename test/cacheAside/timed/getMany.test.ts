import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { LoadFailed } from '../../../lib/cacheAside/index.ts'
import { freePort } from '../../../lib/local/servers/ports.ts'
import { type Database, openCache } from '../../support/cache.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

/** A `loadMany` that records the ids of its calls. */
function recordLoadMany(database: Database) {
  const calls: string[][] = []
  const loadMany = async (ids: string[]) => {
    calls.push(ids)
    return new Map(await Promise.all(ids.map(async (id) => [id, await database.read(id)] as const)))
  }
  return { calls, loadMany }
}

const ids = Array.from({ length: 100 }, (_, n) => `id${n}`)
const testbed = await startTestbed({ texts: Object.fromEntries(ids.map((id) => [id, `text of ${id}`])) })

describe('getMany', () => {
  timed(
    'G3: loads a hundred cold ids by one loadMany and stores all of them',
    testbed,
    async ({ database }) => {
      const { calls, loadMany } = recordLoadMany(database)
      const { cache } = await testbed.open({ loadMany })
      const first = await cache.getMany(ids)
      expect(first.map(({ value }) => value?.text)).toEqual(ids.map((id) => `text of ${id}`))
      for (const { status } of first)
        expect(status).toMatchObject({ hit: false, fwd: 'uri-miss', stored: true })
      expect(calls).toEqual([ids])
      const second = await cache.getMany(ids)
      for (const { status } of second) expect(status).toMatchObject({ hit: true })
      expect(second.map(({ body }) => body)).toEqual(first.map(({ body }) => body))
      expect(calls).toHaveLength(1)
    },
  )

  timed(
    'G3: loads only the misses; answers keep the order, the duplicates and the missing ids',
    testbed,
    async ({ database }) => {
      const { calls, loadMany } = recordLoadMany(database)
      const { cache } = await testbed.open({ loadMany })
      await cache.get('id3')
      const results = await cache.getMany(['id5', 'id3', 'nothing', 'id5'])
      expect(results.map(({ value }) => value?.text)).toEqual([
        'text of id5',
        'text of id3',
        undefined,
        'text of id5',
      ])
      expect(results[1]?.status.hit).toBe(true)
      expect(calls).toEqual([['id5', 'nothing']])
      expect((await cache.get('nothing')).status.hit).toBe(true)
    },
  )

  timed('G3: loads each miss by load if there is no loadMany', testbed, async () => {
    const { cache } = await testbed.open()
    const results = await cache.getMany(['id1', 'id2'])
    expect(results).toMatchObject([{ value: { text: 'text of id1' } }, { value: { text: 'text of id2' } }])
    expect((await cache.get('id2')).status.hit).toBe(true)
  })

  timed('returns an empty list for no ids, and refuses an empty id', testbed, async () => {
    const { cache } = await testbed.open()
    expect(await cache.getMany([])).toEqual([])
    await expect(cache.getMany(['a', ''])).rejects.toThrow(TypeError)
  })
})

timed(
  'G1: a write during the load of a list prevents only the fill of the written id',
  testbed,
  async ({ database }) => {
    const { cache } = await testbed.open({ loadMany: recordLoadMany(database).loadMany })
    const writer = (await testbed.open()).cache
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
  'G3: a list waits for the ids that another caller is loading, and loads the others meanwhile',
  testbed,
  async ({ database }) => {
    const { calls, loadMany } = recordLoadMany(database)
    const { cache } = await testbed.open({ loadMany })
    const other = (await testbed.open()).cache
    const { reached, release } = database.holdNextRead()
    const theirs = other.get('id10')
    await reached
    const ours = cache.getMany(['id10', 'id11'])
    await expect.poll(() => calls).toEqual([['id11']])
    release()
    expect(await ours).toMatchObject([
      { value: { text: 'text of id10' }, status: { collapsed: true } },
      { status: { stored: true } },
    ])
    await theirs
  },
)

timed(
  'G6: each id of a list has its own error or stale value, and the other ids are answered',
  testbed,
  async ({ database }) => {
    const options = { ttl: 100, jitter: 0, staleIfError: 60_000 }
    const { cache } = await testbed.open({ ...options, loadMany: recordLoadMany(database).loadMany })
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

timed('G8: bad content under one key is a miss of that id only', testbed, async () => {
  const { cache, redis } = await testbed.open()
  await cache.getMany(['id30', 'id31', 'id32'])
  await redis.multi().del(cache.key('id30')).rpush(cache.key('id30'), 'x').exec()
  await redis.set(cache.key('id31'), 'garbage')
  const results = await cache.getMany(['id30', 'id31', 'id32'])
  expect(results.map(({ value }) => value?.text)).toEqual(['text of id30', 'text of id31', 'text of id32'])
  expect(results.map(({ status }) => status.hit)).toEqual([false, false, true])
})

timed(
  'G4: while Redis is away, a list is answered by one loadMany, and then from the fallback',
  testbed,
  async ({ database }) => {
    const { calls, loadMany } = recordLoadMany(database)
    const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database, { loadMany })
    for (let n = 0; n < 3; n++) await cache.get('other')
    const first = await cache.getMany(['id1', 'id2'])
    expect(first).toMatchObject([{ status: { fwd: 'bypass' } }, { status: { fwd: 'bypass' } }])
    expect(await cache.getMany(['id1', 'id2'])).toMatchObject([
      { status: { detail: 'fallback' } },
      { status: { detail: 'fallback' } },
    ])
    expect(calls).toEqual([['id1', 'id2']])
  },
)

timed(
  'G4: a Redis that hangs costs the whole list one time budget',
  testbed,
  async ({ database, server }) => {
    const { cache } = await testbed.open({ loadMany: recordLoadMany(database).loadMany })
    await cache.getMany(ids)
    server.process.kill('SIGSTOP')
    const results = await cache.getMany(ids)
    for (const { status } of results) expect(status).toMatchObject({ fwd: 'bypass' })
    server.process.kill('SIGCONT')
  },
)

timed(
  'G5: a removal in the outbox is delivered before a list reads its id',
  testbed,
  async ({ database, server }) => {
    const { cache } = await testbed.open()
    await cache.getMany(['id40', 'id41'])
    server.process.kill('SIGSTOP')
    expect(await cache.write('id40', () => database.write('id40', 'new'))).toMatchObject({
      invalidation: 'deferred',
    })
    server.process.kill('SIGCONT')
    await expect
      .poll(
        async () => {
          const [written] = await cache.getMany(['id40', 'id41'])
          expect(written?.value).toEqual({ text: 'new' })
          return written?.status.hit
        },
        { timeout: 3000 },
      )
      .toBe(true)
  },
)
