import calculateSlot from 'cluster-key-slot'
import { Redis } from 'ioredis'
import { libraries } from '../../cacheAside/contender.ts'
import { quantile, round } from '../../cacheAside/measured.ts'
import { now } from '../clock.ts'
import { andFailed, type Condition, times } from '../condition.ts'
import { behave, type Ground, type Process } from '../ground.ts'
import type { Outcome } from '../process.ts'

const ids = Array.from({ length: 60 }, (_, n) => `p-${n}`)
/** Whether an id lies in the third shard, which hangs. */
const isDead = (id: string) => calculateSlot(`{${id.replaceAll(/[{}]/g, '')}}`) > 10_922
/** The keys of a library hold an id as it is: in braces it decides the slot there, too. */
const idsFor = (contender: string) => (libraries.includes(contender) ? ids.map((id) => `{${id}}`) : ids)

/**
 * A cluster whose third shard hangs while the process that reads also writes to it: three writes at once, then one each
 * 300 ms. The process has filled all ids before.
 */
const hang = (
  what: string,
  read: (process: Process, living: string[], dead: string[]) => Promise<Outcome[]>,
): Condition => ({
  name: `a shard hangs and is written to; ${what}`,
  must: 'above 95 % hits on living shards',
  forLibraries: true,
  async try(ground) {
    const { url, wires } = await ground.cluster(0.5)
    const [process] = (await ground.processes(1, url)) as [Process]
    const all = idsFor(ground.contender)
    const dead = all.filter(isDead)
    const living = all.filter((id) => !isDead(id))
    await process.call('times', { ids: all, count: 2 * all.length, pauseMs: 0 })
    await wires[2]?.keep('up')
    let count = 0
    const write = () => {
      const id = dead[count++ % dead.length] ?? ''
      // One that hangs is not waited for.
      process.call('write', { id, version: 2 }).catch(() => {})
    }
    for (let n = 0; n < 3; n++) write()
    const writing = setInterval(write, 300)
    try {
      const reads = (await read(process, living, dead)).filter(({ id }) => !isDead(id))
      const share = round((100 * reads.filter(({ hit }) => hit).length) / reads.length, 1)
      const p99 = round(quantile(times(reads), 0.99))
      return {
        seen: `${share} %, p99 ${p99} ms${andFailed(reads)}`,
        figure: share,
        met: share > 95,
      }
    } finally {
      clearInterval(writing)
    }
  },
})

/** A Redis that answers reads and refuses every write, and a process that has only hits when another one writes. */
const refuses = (what: string, setting: [string, ...string[]]): Condition => ({
  name: `Redis ${what}, a process that has only hits, and another one writes`,
  must: 'no old value after 6.5 s',
  forLibraries: true,
  async try(ground) {
    const { url, server } = await ground.redis(0.5)
    const [reader, writer] = (await ground.processes(2, url)) as [Process, Process]
    const id = 'hit'
    await reader.call('times', { ids: [id], count: 10, pauseMs: 20 })
    const admin = new Redis(server().port, '127.0.0.1')
    await admin.call(...setting)
    admin.disconnect()
    await reader.call('set', { id, version: 2 })
    const reading = reader.call('read', { ids: [id], ms: 9_000, pauseMs: 20 })
    const written = now()
    writer.call('write', { id, version: 2 }).catch(() => {})
    const reads = await reading
    const old = reads.filter(({ version }) => version === 1)
    const last = round(Math.max(0, ...old.map(({ ended }) => ended - written)))
    return {
      seen: `${old.length} of ${reads.length} old, the last after ${last} ms${andFailed(reads)}`,
      figure: last,
      met: last <= 6_500,
    }
  },
})

export const outages: Condition[] = [
  hang('300 reads of ids on living shards', (process, living) =>
    process.call('times', { ids: living, count: 300, pauseMs: 10 }),
  ),
  hang('30 lists of ten ids, one of them on the shard that hangs', (process, living, dead) =>
    process.call('times', {
      ids: [...living.slice(0, 9), ...dead.slice(-1)],
      ...{ count: 30, pauseMs: 100, asList: true },
    }),
  ),
  {
    name: 'Redis is full and evicts nothing; each fifth read is of a cold id',
    must: 'all others are hits',
    forLibraries: true,
    async try(ground) {
      const { url, server } = await ground.redis(0.5)
      const [process] = (await ground.processes(1, url)) as [Process]
      const stored = ids.slice(0, 40)
      await process.call('times', { ids: stored, count: 2 * stored.length, pauseMs: 0 })
      const admin = new Redis(server().port, '127.0.0.1')
      await admin.config('SET', 'maxmemory', '1')
      admin.disconnect()
      const mixed = stored.flatMap((id, n) => (n % 4 === 3 ? [id, `cold-${n}`] : [id]))
      const reads = (await process.call('times', { ids: mixed, count: 300, pauseMs: 5 })).filter(({ id }) =>
        stored.includes(id),
      )
      const share = round((100 * reads.filter(({ hit }) => hit).length) / reads.length, 1)
      return { seen: `${share} %${andFailed(reads)}`, figure: share, met: share === 100 }
    },
  },
  refuses('lacks replicas', ['CONFIG', 'SET', 'min-replicas-to-write', '1']),
  refuses('has become a replica', ['REPLICAOF', '127.0.0.1', '1']),
  {
    name: '1,000 ids of 210 KB are read while Redis is away, ten at a time',
    must: 'at most 20 MB, given back',
    forLibraries: false,
    async try(ground: Ground) {
      const { url, wire } = await ground.redis(0.5)
      const [process] = (await ground.processes(1, url)) as [Process]
      await behave([process], { bytes: 210_000 })
      const before = await process.call('memory')
      await wire.close()
      const lots = Array.from({ length: 10 }, (_, lot) =>
        Array.from({ length: 100 }, (_, n) => `${lot}-${n}`),
      )
      const reads = await Promise.all(
        lots.map((ids) => process.call('times', { ids, count: 100, pauseMs: 0 })),
      )
      const held = round(((await process.call('memory')) - before) / 1e6, 1)
      await wire.reset()
      // It notices within a second; then a read finds the shard proven and closes the breaker.
      await process.call('times', { ids: ['after'], count: 20, pauseMs: 100 })
      const left = round(((await process.call('memory')) - before) / 1e6, 1)
      return {
        seen: `${held} MB, ${left} MB when it is back${andFailed(reads.flat())}`,
        figure: held,
        met: held <= 20 && left <= 5,
      }
    },
  },
]
