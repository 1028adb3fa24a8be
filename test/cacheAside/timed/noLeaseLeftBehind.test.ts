import { expect } from 'vitest'
import { type Answer, type Process, startClusterFleet, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const single = await startFleet(2)
const clustered = await startClusterFleet(2)
const cache = 'left'
const ids = Array.from({ length: 12 }, (_, n) => `id${n}`)
/** Far below the 3,000 ms of a lease that was not released. */
const soonMs = 500

/** Expects that each answer is a hit, or was loaded under the caller's own lease. */
function expectNoForeignLease(answers: Answer[]) {
  const unstored = answers.filter(({ status }) => !status.hit && !status.stored)
  expect(unstored.map(({ id, status }) => ({ id, ...status }))).toEqual([])
  expect(Math.max(...answers.map(({ took }) => took))).toBeLessThan(soonMs)
}

/** The calls that take leases. */
const calls: Record<string, (process: Process) => Promise<unknown>> = {
  get: (process) => Promise.all(ids.map((id) => process.call('get', { cache, id }))),
  getMany: (process) => process.call('getMany', { cache, ids }),
  warm: (process) => process.call('warm', { cache, ids }),
}

for (const [method, call] of Object.entries(calls)) {
  timed(
    `G3: a ${method} leaves no lease behind if its lease replies come too late`,
    single,
    async ({ redis }) => {
      const [one, other] = single.processes as [Process, Process]
      await single.open({ cache })
      // Redis then knows the scripts, so that the first command with an id takes its lease.
      for (const each of [one, other])
        await each.call('getMany', { cache, ids: ['x', `y${each.process.pid}`] })
      const { sprung } = await redis.wire.trap('eval.*{id0}', 'held')
      const late = call(one)
      await sprung
      await late
      await redis.wire.release()
      expectNoForeignLease(await other.call('getMany', { cache, ids }))
      expectNoForeignLease(await other.call('getMany', { cache, ids }))
    },
  )
}

timed(
  'G3: a getMany leaves no lease on the other shards if one shard replies too late',
  clustered,
  async ({ cluster }) => {
    const [one, other] = clustered.processes as [Process, Process]
    await clustered.open({ cache })
    const known = Array.from({ length: 30 }, (_, n) => `known${n}`)
    for (const each of [one, other])
      await each.call('getMany', { cache, ids: [...known, `y${each.process.pid}`] })
    const shards = await Promise.all(ids.map((id) => cluster.shardOf(`{${id}}`)))
    const [bad] = shards
    const healthy = ids.filter((_, n) => shards[n]?.number !== bad?.number)
    expect(healthy.length).toBeGreaterThan(2)
    await bad?.wire.trap('eval.*{id0}', 'held')
    await one.call('getMany', { cache, ids })
    // The bad shard still sends no reply.
    expectNoForeignLease(await other.call('getMany', { cache, ids: healthy }))
    await bad?.wire.release()
    await expect
      .poll(async () => {
        const all = await other.call('getMany', { cache, ids })
        return Math.max(...all.map(({ took }) => took)) < 100 && all.every(({ status }) => status.hit)
      })
      .toBe(true)
  },
)
