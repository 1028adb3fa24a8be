import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { LoadFailed } from '../lib/cacheAside/index.ts'
import { freePort } from '../lib/local/server.ts'
import { type Database, freshCache, freshDatabase, openCache } from './support/cache.ts'

const database = await freshDatabase()
/** What is promised of a Redis that answers in time; this machine may be busy. */
const patient = { cacheTimeoutMs: 5_000 }
afterEach(() => {
  database.failure = undefined
})

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
await Promise.all(ids.map((id) => database.write(id, `text of ${id}`)))

describe('a hundred ids', () => {
  test('cold: one loadMany, all stored; then all hits without a load', async () => {
    const many = loadMany(database)
    const { cache } = await freshCache(database, { ...patient, loadMany: many.load })
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

  test('some cached: only the misses are loaded, and the order, duplicates and what does not exist are kept', async () => {
    const many = loadMany(database)
    const { cache } = await freshCache(database, { ...patient, loadMany: many.load })
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
  })

  test('without loadMany each miss is loaded by load', async () => {
    const { cache } = await freshCache(database)
    const results = await cache.getMany(['id1', 'id2'])
    expect(results).toMatchObject([{ value: { text: 'text of id1' } }, { value: { text: 'text of id2' } }])
    expect((await cache.get('id2')).status.hit).toBe(true)
  })

  test('none: no id, no work; an empty id is refused', async () => {
    const { cache } = await freshCache(database)
    expect(await cache.getMany([])).toEqual([])
    await expect(cache.getMany(['a', ''])).rejects.toThrow(TypeError)
  })
})

test('a write during the load keeps that one value out of the cache, and the others in', async () => {
  const { cache, server } = await freshCache(database, { ...patient, loadMany: loadMany(database).load })
  const writer = openCache(server.url, database).cache
  const { reached, release } = database.holdNextRead()
  const slow = cache.getMany(['id1', 'id2'])
  await reached
  await writer.write('id1', () => database.write('id1', 'newer'))
  release()
  const [one, two] = await slow
  expect(one?.status.stored).toBeUndefined()
  expect(two?.status.stored).toBe(true)
  expect((await cache.get('id1')).value).toEqual({ text: 'newer' })
})

test('ids that another caller is loading are waited for, the others are loaded meanwhile', async () => {
  const many = loadMany(database)
  const { cache, server } = await freshCache(database, { ...patient, loadMany: many.load })
  const other = openCache(server.url, database).cache
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
})

test('each id has its own error, the others are answered, and a stale one is served instead', async () => {
  const options = { ttl: 100, jitter: 0, staleIfError: 60_000 }
  const { cache } = await freshCache(database, { ...options, loadMany: loadMany(database).load })
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
})

test('bad content of one key is a miss of that one', async () => {
  const { cache, redis } = await freshCache(database)
  await cache.getMany(['id30', 'id31', 'id32'])
  await redis.multi().del(cache.key('id30')).rpush(cache.key('id30'), 'x').exec()
  await redis.set(cache.key('id31'), 'garbage')
  const results = await cache.getMany(['id30', 'id31', 'id32'])
  expect(results.map(({ value }) => value?.text)).toEqual(['text of id30', 'text of id31', 'text of id32'])
  expect(results.map(({ status }) => status.hit)).toEqual([false, false, true])
})

test('with Redis away all are answered by one loadMany, and again from the fallback', async () => {
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
})

test('a Redis that hangs costs all of them one time budget', async () => {
  const { cache, server } = await freshCache(database, { loadMany: loadMany(database).load })
  await cache.getMany(ids)
  server.process.kill('SIGSTOP')
  const results = await cache.getMany(ids)
  for (const { status } of results) expect(status).toMatchObject({ fwd: 'bypass' })
  server.process.kill('SIGCONT')
})

test('an owed removal is delivered before its id is read', async () => {
  const { cache, server } = await freshCache(database)
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
