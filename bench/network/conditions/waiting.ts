import { setTimeout as sleep } from 'node:timers/promises'
import { median, quantile, round } from '../../support/statistics.ts'
import type { Outcome } from '../calls.ts'
import { now } from '../clock.ts'
import {
  type Condition,
  countFailed,
  durations,
  failureNote,
  type Observation,
  withTrap,
} from '../condition.ts'
import { loadsOf, type Process, setBehaviour } from '../testbed.ts'

/** Returns the process that leads, and the others. */
const split = ([leader, ...others]: Process[]) => ({ leader: leader as Process, others })
const id = 'waited-for'
const ttl = 1_000
const expiries = 8

/** Returns an observation that is as promised if there was one load and no call failed. */
async function observeOneLoad(loaders: Process[], outcomes: Outcome[], note = ''): Promise<Observation> {
  const loads = (await loadsOf(loaders)).length
  return {
    summary: `${loads}${note}${failureNote(outcomes)}`,
    figure: loads,
    met: loads === 1 && countFailed(outcomes) === 0,
  }
}

/** Four callers in each of three processes read a key all the time. The key expires each second. */
const hotKey = (what: string, missing: boolean, lifetimes: object): Condition => ({
  name: `a hot ${what} expires each second and is never served stale`,
  must: '1 load for each expiry',
  forLibraries: !missing,
  async run(testbed) {
    const { url } = await testbed.redis(0.5)
    const processes = await testbed.processes(3, url, { ttl, jitter: 0, ...lifetimes })
    await setBehaviour(processes, { loadMs: 50, missing })
    const ms = expiries * (ttl + 60)
    const reads = await Promise.all(
      processes.map((each) => each.call('readFor', { ids: [id], ms, pauseMs: 2, callers: 4 })),
    )
    const loads = await loadsOf(processes)
    // A load begins a new expiry if the load before it is long past. The first loads filled the cold key.
    const firsts = loads.filter(({ at }, n) => n === 0 || at - (loads[n - 1]?.at ?? 0) > ttl / 2)
    const fills = loads.filter(({ at }) => at < (firsts[1]?.at ?? 0)).length
    const each = round((loads.length - fills) / (firsts.length - 1), 2)
    return { summary: `${each}${failureNote(reads.flat())}`, figure: each, met: each === 1 }
  },
})

export const waiting: Condition[] = [
  {
    name: 'a load of 2 s, five other processes wait, 1 ms away each way',
    must: '1 load',
    forLibraries: true,
    async run(testbed) {
      const { url } = await testbed.redis(1)
      const processes = await testbed.processes(6, url)
      const { leader, others } = split(processes)
      await setBehaviour(processes, { loadMs: 2_000 })
      const at = now() + 50
      const outcomes = await Promise.all([
        leader.call('get', { id, at }),
        ...others.map((each) => each.call('get', { id, at: at + 20 })),
      ])
      return observeOneLoad(processes, outcomes.flat())
    },
  },
  hotKey('key', false, {}),
  hotKey('key whose row does not exist', true, { negativeTtl: ttl }),
  {
    name: 'the leader is killed, 30 callers in three processes wait with 5.6 s each',
    must: '1 more load',
    forLibraries: true,
    async run(testbed) {
      const { url } = await testbed.redis(0.5)
      const { leader, others } = split(await testbed.processes(4, url))
      await setBehaviour([leader], { loadMs: 10_000 })
      await setBehaviour(others, { loadMs: 50 })
      // The leader is killed before it answers, so this call fails.
      leader.call('get', { id }).catch(() => {})
      await sleep(100)
      const waiters = others.map((each) => each.call('get', { id, callers: 10, budgetMs: 5_600 }))
      await sleep(200)
      await leader.kill()
      const outcomes = (await Promise.all(waiters)).flat()
      const last = round(Math.max(...durations(outcomes)))
      return observeOneLoad(others, outcomes, `, the last answer after ${last} ms`)
    },
  },
  {
    name: '50 callers of one process, and the reply to the lease is lost',
    must: '1 load',
    forLibraries: false,
    async run(testbed) {
      const { url, wire } = await testbed.redis(0.5)
      const process = await testbed.process(url)
      await setBehaviour([process], { loadMs: 50 })
      const outcomes = await withTrap(wire, `evalsha.*\\{${id}\\}`, 'lost', () =>
        process.call('get', { id, callers: 50 }),
      )
      return observeOneLoad([process], outcomes)
    },
  },
  {
    name: 'the database refuses in 5 ms, ten callers in each of three processes',
    must: 'all callers get the error within 50 ms',
    forLibraries: true,
    async run(testbed) {
      const { url } = await testbed.redis(0.5)
      const processes = await testbed.processes(3, url)
      await setBehaviour(processes, { loadMs: 5, refuses: true })
      const at = now() + 50
      const outcomes = (
        await Promise.all(processes.map((each) => each.call('get', { id, callers: 10, at })))
      ).flat()
      const waited = durations(outcomes)
      const loads = (await loadsOf(processes)).length
      const last = round(Math.max(...waited))
      return {
        summary: `median ${round(median(waited))}, p90 ${round(quantile(waited, 0.9))}, last ${last} ms, ${countFailed(outcomes)} of 30 get the error, ${loads} loads`,
        figure: last,
        met: last <= 50 && countFailed(outcomes) === outcomes.length,
      }
    },
  },
  {
    name: 'a leader with 200 ms, ten followers in its process and another with 5 s, a load of 400 ms',
    must: 'all followers are answered',
    forLibraries: false,
    async run(testbed) {
      const { url } = await testbed.redis(0.5)
      const processes = await testbed.processes(2, url)
      await setBehaviour(processes, { loadMs: 400 })
      const at = now() + 50
      const leading = processes[0]?.call('get', { id, at, budgetMs: 200 })
      const followers = (
        await Promise.all(
          processes.map((each) => each.call('get', { id, callers: 5, at: at + 50, budgetMs: 5_000 })),
        )
      ).flat()
      await leading
      const loads = (await loadsOf(processes)).length
      const answered = followers.length - countFailed(followers)
      return {
        summary: `${answered} of ${followers.length}, ${loads} loads${failureNote(followers)}`,
        figure: answered,
        met: answered === followers.length,
      }
    },
  },
]
