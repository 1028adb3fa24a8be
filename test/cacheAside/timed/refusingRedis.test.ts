import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Answer, logOf, type Process, startClusterFleet, startFleet } from '../../support/fleet.ts'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()
const single = await startFleet(2)
const clustered = await startClusterFleet(2)
const cache = 'refusing'

timed(
  'G4: a Redis that is full goes on serving hits, removes what is written, and stores nothing',
  place,
  async ({ database }) => {
    const { cache, redis, events } = await place.open()
    await database.write('a', 'x')
    await database.write('full', 'x')
    await cache.get('a')
    // With the policy noeviction, and less than it takes up by itself.
    await redis.config('SET', 'maxmemory', '500kb')
    for (let n = 0; n < 10; n++) {
      const full = await cache.get(`full${n}`)
      expect(full.status.stored).toBeUndefined()
      expect((await cache.get('a')).status.hit).toBe(true)
    }
    expect(events.filter(({ type }) => type === 'breaker')).toEqual([])
    expect(await cache.write('a', () => database.write('a', 'new'))).toMatchObject({ invalidation: 'done' })
    expect(await cache.get('a')).toMatchObject({ value: { text: 'new' }, status: { hit: false } })
    await redis.config('SET', 'maxmemory', '0')
    expect(await cache.get('a')).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
    expect((await cache.get('a')).status.hit).toBe(true)
  },
)

timed('G4: a list from a Redis that is full has its hits and its loads', place, async ({ database }) => {
  const many: string[][] = []
  const { cache, redis, events } = await place.open({
    async loadMany(ids) {
      many.push(ids)
      return new Map(await Promise.all(ids.map(async (id) => [id, await database.read(id)] as const)))
    },
  })
  for (const id of ['a', 'b', 'c']) await database.write(id, id)
  await cache.getMany(['a', 'b'])
  await redis.config('SET', 'maxmemory', '500kb')
  const answers = await cache.getMany(['a', 'b', 'c'])
  expect(answers.map(({ value }) => value)).toEqual(['a', 'b', 'c'].map((text) => ({ text })))
  expect(answers.map(({ status }) => status.hit)).toEqual([true, true, false])
  expect(events.filter(({ type }) => type === 'breaker')).toEqual([])
  expect(many).toEqual([['a', 'b'], ['c']])
})

for (const [what, failure] of Object.entries({
  'a fill': undefined,
  'the mark of a failed load': new Error('throttled'),
})) {
  timed(
    `G4: ${what} for which a full Redis has no room leaves no lease behind`,
    place,
    async ({ database }) => {
      const { cache, redis } = await place.open()
      const other = (await place.open()).cache
      await database.write('a', 'x')
      // Any first call brings the scripts, which take room.
      await other.get('first')
      const { reached, release, fail } = database.holdNextRead()
      const first = cache.get('a').catch((error) => error)
      await reached
      await redis.config('SET', 'maxmemory', '500kb')
      if (failure) fail(failure)
      else release()
      await first
      const start = performance.now()
      expect((await other.get('a')).value).toEqual({ text: 'x' })
      // Far below the three seconds of a lease.
      expect(performance.now() - start).toBeLessThan(1000)
    },
  )
}

/** A write reaches the database and not this Redis, which a process reads from that has nothing but hits. */
async function writePast(fleet: typeof single | typeof clustered, id: string) {
  const [reader, writer] = fleet.processes as [Process, Process]
  await fleet.texts.write(id, 'old')
  await fleet.open({ cache })
  await reader.call('get', { cache, id })
  const watched = reader.call('watch', { cache, ids: [id], ms: 8000, everyMs: 15 })
  return {
    async write() {
      const written = await writer.call('write', { cache, id, text: 'new' })
      expect(written).toMatchObject({ invalidation: 'deferred' })
      return { at: sharedNow(), watched }
    },
  }
}

/** How long after the write the last stale answer came. */
const staleFor = (answers: Answer[], written: number) =>
  Math.max(0, ...answers.filter(({ version }) => version === 1).map(({ at }) => at - written))

for (const [what, refuse] of Object.entries({
  'lacks its replicas': ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
  'has become a replica': ['REPLICAOF', '127.0.0.1', '1'],
})) {
  timed(
    `G4: a process that has only hits leaves a Redis that ${what} within seconds`,
    single,
    async ({ redis }) => {
      const { write } = await writePast(single, 'a')
      const [command = '', ...args] = refuse
      await redis.ask(command, ...args)
      const { at, watched } = await write()
      const answers = await watched
      expect(answers.filter(({ version }) => version === 1).length).toBeGreaterThan(0)
      // Five seconds in which a write was proven to work, and one proof.
      expect(staleFor(answers, at)).toBeLessThan(5300)
      const opened = (await logOf(single.processes.slice(0, 1))).filter(({ type }) => type === 'breaker')
      expect(opened).toMatchObject([{ state: 'open' }])
    },
  )
}

timed('G4: so it leaves a shard that lacks its replicas, and no other', clustered, async ({ cluster }) => {
  const { admin, number } = await cluster.shardOf('{a}')
  const { write } = await writePast(clustered, 'a')
  const ids = Array.from({ length: 12 }, (_, n) => `id${n}`)
  const shards = await Promise.all(ids.map((id) => cluster.shardOf(`{${id}}`)))
  const elsewhere = ids.filter((_, n) => shards[n]?.number !== number)
  const [reader] = clustered.processes as [Process]
  await reader.call('getMany', { cache, ids: elsewhere })
  await admin.config('SET', 'min-replicas-to-write', '1')
  try {
    const { at, watched } = await write()
    const others = reader.call('watch', { cache, ids: elsewhere, ms: 7000, everyMs: 15 })
    expect(staleFor(await watched, at)).toBeLessThan(5300)
    const hits = (await others).filter(({ status }) => status.hit)
    expect(hits.length / (await others).length).toBeGreaterThan(0.95)
  } finally {
    await admin.config('SET', 'min-replicas-to-write', '0')
  }
})

timed(
  'G4: a list whose fills are refused by a Redis that lacks its replicas tells the breaker',
  single,
  async ({ redis }) => {
    const [process] = single.processes as [Process]
    await single.open({ cache })
    await process.call('hold')
    const list = process.call('getMany', { cache, ids: ['a', 'b'] })
    await expect
      .poll(() => process.events.filter(({ type }) => type === 'batch').length, { interval: 5 })
      .toBe(1)
    await redis.ask('CONFIG', 'SET', 'min-replicas-to-write', '1')
    await process.call('release')
    expect((await list).map(({ status }) => status.stored)).toEqual([undefined, undefined])
    const opened = (await logOf([process])).filter(({ type }) => type === 'breaker')
    expect(opened).toMatchObject([{ state: 'open' }])
  },
)
