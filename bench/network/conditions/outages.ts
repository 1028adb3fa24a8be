import calculateSlot from 'cluster-key-slot'
import { Redis } from 'ioredis'
import { libraries } from '../../support/contender.ts'
import { quantile, round } from '../../support/statistics.ts'
import type { Outcome } from '../calls.ts'
import { now } from '../clock.ts'
import { type Condition, durations, failureNote } from '../condition.ts'
import { type Process, setBehaviour } from '../testbed.ts'

const ids = Array.from({ length: 60 }, (_, n) => `p-${n}`)
/** Returns whether an id is on the third shard, which hangs. Its slots begin at 10,923. */
const isDead = (id: string) => calculateSlot(`{${id.replaceAll(/[{}]/g, '')}}`) > 10_922
/** Returns the ids for a contender. A library's keys contain the plain id, so braces make the id decide the slot. */
const idsFor = (contender: string) => (libraries.includes(contender) ? ids.map((id) => `{${id}}`) : ids)

/**
 * The third shard of a cluster hangs while the process that reads also writes to it: three writes at once, then one write
 * every 300 ms. Before that the process has filled all ids.
 */
const hangingShard = (
  what: string,
  read: (process: Process, living: string[], dead: string[]) => Promise<Outcome[]>,
): Condition => ({
  name: `a shard hangs and is written to; ${what}`,
  must: 'above 95 % hits on living shards',
  forLibraries: true,
  async run(testbed) {
    const { url, wires } = await testbed.cluster(0.5)
    const process = await testbed.process(url)
    const all = idsFor(testbed.contender)
    const dead = all.filter(isDead)
    const living = all.filter((id) => !isDead(id))
    await process.call('readTimes', { ids: all, count: 2 * all.length, pauseMs: 0 })
    await wires[2]?.hold('up')
    let count = 0
    const write = () => {
      const id = dead[count++ % dead.length] ?? ''
      // The write may hang, and the measurement does not wait for it.
      process.call('write', { id, version: 2 }).catch(() => {})
    }
    for (let n = 0; n < 3; n++) write()
    const writing = setInterval(write, 300)
    try {
      const reads = (await read(process, living, dead)).filter(({ id }) => !isDead(id))
      const share = hitPercentage(reads)
      const p99 = round(quantile(durations(reads), 0.99))
      return {
        summary: `${share} %, p99 ${p99} ms${failureNote(reads)}`,
        figure: share,
        met: share > 95,
      }
    } finally {
      clearInterval(writing)
    }
  },
})

/** Redis answers reads and refuses every write. One process has only hits when another process writes. */
const refusedWrites = (what: string, setting: [string, ...string[]]): Condition => ({
  name: `Redis ${what}, a process that has only hits, and another one writes`,
  must: 'no old value after 6.5 s',
  forLibraries: true,
  async run(testbed) {
    const { url, server } = await testbed.redis(0.5)
    const [reader, writer] = (await testbed.processes(2, url)) as [Process, Process]
    const id = 'hit'
    await reader.call('readTimes', { ids: [id], count: 10, pauseMs: 20 })
    const admin = new Redis(server().port, '127.0.0.1')
    await admin.call(...setting)
    admin.disconnect()
    await reader.call('setVersion', { id, version: 2 })
    const reading = reader.call('readFor', { ids: [id], ms: 9_000, pauseMs: 20 })
    const written = now()
    writer.call('write', { id, version: 2 }).catch(() => {})
    const reads = await reading
    const old = reads.filter(({ version }) => version === 1)
    const last = round(Math.max(0, ...old.map(({ ended }) => ended - written)))
    return {
      summary: `${old.length} of ${reads.length} old, the last after ${last} ms${failureNote(reads)}`,
      figure: last,
      met: last <= 6_500,
    }
  },
})

const hitPercentage = (reads: Outcome[]) =>
  round((100 * reads.filter(({ hit }) => hit).length) / reads.length, 1)

export const outages: Condition[] = [
  hangingShard('300 reads of ids on living shards', (process, living) =>
    process.call('readTimes', { ids: living, count: 300, pauseMs: 10 }),
  ),
  hangingShard('30 lists of ten ids, one of them on the shard that hangs', (process, living, dead) =>
    process.call('readTimes', {
      ids: [...living.slice(0, 9), ...dead.slice(-1)],
      ...{ count: 30, pauseMs: 100, asList: true },
    }),
  ),
  {
    name: 'Redis is full and evicts nothing; each fifth read is of a cold id',
    must: 'all others are hits',
    forLibraries: true,
    async run(testbed) {
      const { url, server } = await testbed.redis(0.5)
      const process = await testbed.process(url)
      const stored = ids.slice(0, 40)
      await process.call('readTimes', { ids: stored, count: 2 * stored.length, pauseMs: 0 })
      const admin = new Redis(server().port, '127.0.0.1')
      await admin.config('SET', 'maxmemory', '1')
      admin.disconnect()
      const mixed = stored.flatMap((id, n) => (n % 4 === 3 ? [id, `cold-${n}`] : [id]))
      const reads = await process.call('readTimes', { ids: mixed, count: 300, pauseMs: 5 })
      const warm = reads.filter(({ id }) => stored.includes(id))
      const share = hitPercentage(warm)
      return { summary: `${share} %${failureNote(warm)}`, figure: share, met: share === 100 }
    },
  },
  refusedWrites('lacks replicas', ['CONFIG', 'SET', 'min-replicas-to-write', '1']),
  refusedWrites('has become a replica', ['REPLICAOF', '127.0.0.1', '1']),
  {
    name: '1,000 ids of 210 KB are read while Redis is away, ten at a time',
    must: 'at most 20 MB, freed afterwards',
    forLibraries: false,
    async run(testbed) {
      const { url, wire } = await testbed.redis(0.5)
      const process = await testbed.process(url)
      await setBehaviour([process], { bytes: 210_000 })
      const before = await process.call('memory')
      await wire.close()
      const batches = Array.from({ length: 10 }, (_, batch) =>
        Array.from({ length: 100 }, (_, n) => `${batch}-${n}`),
      )
      const reads = await Promise.all(
        batches.map((ids) => process.call('readTimes', { ids, count: 100, pauseMs: 0 })),
      )
      const held = round(((await process.call('memory')) - before) / 1e6, 1)
      await wire.reset()
      // The process notices within a second. Then a read finds the shard proven and closes the breaker.
      await process.call('readTimes', { ids: ['after'], count: 20, pauseMs: 100 })
      const left = round(((await process.call('memory')) - before) / 1e6, 1)
      return {
        summary: `${held} MB, ${left} MB when it is back${failureNote(reads.flat())}`,
        figure: held,
        met: held <= 20 && left <= 5,
      }
    },
  },
]
