import { expect } from 'vitest'
import { type Answer, type Process, startClusterFleet, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const single = await startFleet(2)
const clustered = await startClusterFleet(2)
const cache = 'left'
const ids = Array.from({ length: 12 }, (_, n) => `id${n}`)
/** Far below the three seconds of a lease that nobody gave back. */
const soon = 500

/** Each was found, or was loaded under a lease of the caller's own. */
function expectNothingInTheWay(answers: Answer[]) {
  const past = answers.filter(({ status }) => !status.hit && !status.stored)
  expect(past.map(({ id, status }) => ({ id, ...status }))).toEqual([])
  expect(Math.max(...answers.map(({ took }) => took))).toBeLessThan(soon)
}

/** The calls that take leases. */
const calls: Record<string, (process: Process) => Promise<unknown>> = {
  get: (process) => Promise.all(ids.map((id) => process.call('get', { cache, id }))),
  getMany: (process) => process.call('getMany', { cache, ids }),
  warm: (process) => process.call('warm', { cache, ids }),
}

for (const [what, call] of Object.entries(calls)) {
  timed(`G3: a ${what} whose leases are answered too late leaves none behind`, single, async ({ redis }) => {
    const [one, other] = single.processes as [Process, Process]
    await single.open({ cache })
    // Redis knows the scripts then, so that the first one that names an id takes its lease.
    for (const each of [one, other]) await each.call('getMany', { cache, ids: ['x', `y${each.process.pid}`] })
    const { sprung } = await redis.wire.trap('eval.*{id0}', 'kept')
    const late = call(one)
    await sprung
    await late
    await redis.wire.release()
    expectNothingInTheWay(await other.call('getMany', { cache, ids }))
    expectNothingInTheWay(await other.call('getMany', { cache, ids }))
  })
}

timed(
  'G3: a getMany that one shard answers too late leaves no lease on the others',
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
    await bad?.wire.trap('eval.*{id0}', 'kept')
    await one.call('getMany', { cache, ids })
    // The shard is still away.
    expectNothingInTheWay(await other.call('getMany', { cache, ids: healthy }))
    await bad?.wire.release()
    await expect
      .poll(async () => {
        const all = await other.call('getMany', { cache, ids })
        return Math.max(...all.map(({ took }) => took)) < 100 && all.every(({ status }) => status.hit)
      })
      .toBe(true)
  },
)
