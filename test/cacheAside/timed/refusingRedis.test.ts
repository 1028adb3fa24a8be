import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Answer, cacheLog, type Process, startClusterFleet, startFleet } from '../../support/fleet.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()
const single = await startFleet(2)
const clustered = await startClusterFleet(2)
const cache = 'refusing'

timed(
  'G4: a full Redis still serves hits and removes entries, but stores nothing',
  testbed,
  async ({ database }) => {
    const { cache, redis, events } = await testbed.open()
    await database.write('a', 'x')
    await database.write('full', 'x')
    await cache.get('a')
    // With the policy noeviction, and with less memory than an empty Redis takes.
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

timed(
  'G4: a list from a full Redis has its hits, and the other ids are loaded',
  testbed,
  async ({ database }) => {
    const calls: string[][] = []
    const { cache, redis, events } = await testbed.open({
      async loadMany(ids) {
        calls.push(ids)
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
    expect(calls).toEqual([['a', 'b'], ['c']])
  },
)

for (const [title, failure] of Object.entries({
  'a fill': undefined,
  'the mark of a failed load': new Error('throttled'),
})) {
  timed(
    `G4: ${title} that does not fit in a full Redis leaves no lease behind`,
    testbed,
    async ({ database }) => {
      const { cache, redis } = await testbed.open()
      const other = (await testbed.open()).cache
      await database.write('a', 'x')
      // The first call loads the scripts, which take memory.
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

/** A process has only hits of an id, and another writes that id while Redis refuses its removal. */
async function watchDuringWrite(fleet: typeof single | typeof clustered, id: string) {
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

/** Returns how long after the write the last stale answer came, ms. */
const staleMsAfter = (answers: Answer[], written: number) =>
  Math.max(0, ...answers.filter(({ version }) => version === 1).map(({ at }) => at - written))

for (const [state, refuse] of Object.entries({
  'lacks its replicas': ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
  'has become a replica': ['REPLICAOF', '127.0.0.1', '1'],
})) {
  timed(
    `G4: a process that has only hits stops reading a Redis that ${state} within seconds`,
    single,
    async ({ redis }) => {
      const { write } = await watchDuringWrite(single, 'a')
      const [command = '', ...args] = refuse
      await redis.ask(command, ...args)
      const { at, watched } = await write()
      const answers = await watched
      expect(answers.filter(({ version }) => version === 1).length).toBeGreaterThan(0)
      // An accepted write proves the shard for 5,000 ms. The next proof then fails.
      expect(staleMsAfter(answers, at)).toBeLessThan(5300)
      const opened = (await cacheLog(single.processes.slice(0, 1))).filter(({ type }) => type === 'breaker')
      expect(opened).toMatchObject([{ state: 'open' }])
    },
  )
}

timed(
  'G4: a process stops reading a shard that lacks its replicas, but no other shard',
  clustered,
  async ({ cluster }) => {
    const { admin, number } = await cluster.shardOf('{a}')
    const { write } = await watchDuringWrite(clustered, 'a')
    const ids = Array.from({ length: 12 }, (_, n) => `id${n}`)
    const shards = await Promise.all(ids.map((id) => cluster.shardOf(`{${id}}`)))
    const elsewhere = ids.filter((_, n) => shards[n]?.number !== number)
    const [reader] = clustered.processes as [Process]
    await reader.call('getMany', { cache, ids: elsewhere })
    await admin.config('SET', 'min-replicas-to-write', '1')
    try {
      const { at, watched } = await write()
      const others = reader.call('watch', { cache, ids: elsewhere, ms: 7000, everyMs: 15 })
      expect(staleMsAfter(await watched, at)).toBeLessThan(5300)
      const hits = (await others).filter(({ status }) => status.hit)
      expect(hits.length / (await others).length).toBeGreaterThan(0.95)
    } finally {
      await admin.config('SET', 'min-replicas-to-write', '0')
    }
  },
)

timed(
  'G4: the breaker opens if a Redis that lacks its replicas refuses the fills of a list',
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
    const opened = (await cacheLog([process])).filter(({ type }) => type === 'breaker')
    expect(opened).toMatchObject([{ state: 'open' }])
  },
)
