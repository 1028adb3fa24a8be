import { setTimeout as sleep } from 'node:timers/promises'
import { median, quantile, round } from '../../cacheAside/measured.ts'
import { now } from '../clock.ts'
import { andFailed, type Condition, failed, times, withTrap } from '../condition.ts'
import { behave, loadsOf, type Process } from '../ground.ts'

/** One process that leads, and others. */
const split = ([leader, ...others]: Process[]) => ({ leader: leader as Process, others })
const id = 'waited-for'
const ttl = 1_000
const expiries = 8

/** A key that is read all the time, by four callers in each of three processes, and expires each second. */
const hotKey = (what: string, missing: boolean, lives: object): Condition => ({
  name: `a hot ${what} expires each second and is never served stale`,
  must: '1 load for each expiry',
  forLibraries: !missing,
  async try(ground) {
    const { url } = await ground.redis(0.5)
    const processes = await ground.processes(3, url, { ttl, jitter: 0, ...lives })
    await behave(processes, { loadMs: 50, missing })
    const ms = expiries * (ttl + 60)
    const reads = await Promise.all(
      processes.map((each) => each.call('read', { ids: [id], ms, pauseMs: 2, callers: 4 })),
    )
    const loads = await loadsOf(processes)
    // Those of one expiry lie close together. The first has filled a key that was cold.
    const begins = loads.filter(({ at }, n) => n === 0 || at - (loads[n - 1]?.at ?? 0) > ttl / 2)
    const each = round(
      (loads.length - loads.filter(({ at }) => at < (begins[1]?.at ?? 0)).length) / (begins.length - 1),
      2,
    )
    return { seen: `${each}${andFailed(reads.flat())}`, figure: each, met: each === 1 }
  },
})

export const waiting: Condition[] = [
  {
    name: 'a load of 2 s, five other processes wait, 1 ms away each way',
    must: '1 load',
    forLibraries: true,
    async try(ground) {
      const { url } = await ground.redis(1)
      const processes = await ground.processes(6, url)
      const { leader, others } = split(processes)
      await behave(processes, { loadMs: 2_000 })
      const at = now() + 50
      const outcomes = await Promise.all([
        leader.call('get', { id, at }),
        ...others.map((each) => each.call('get', { id, at: at + 20 })),
      ])
      const loads = (await loadsOf(processes)).length
      return {
        seen: `${loads}${andFailed(outcomes.flat())}`,
        figure: loads,
        met: loads === 1 && failed(outcomes.flat()) === 0,
      }
    },
  },
  hotKey('key', false, {}),
  hotKey('key whose row does not exist', true, { negativeTtl: ttl }),
  {
    name: 'the leader is killed, 30 callers in three processes wait with 5.6 s each',
    must: '1 more load',
    forLibraries: true,
    async try(ground) {
      const { url } = await ground.redis(0.5)
      const { leader, others } = split(await ground.processes(4, url))
      await behave([leader], { loadMs: 10_000 })
      await behave(others, { loadMs: 50 })
      // It does not come to an answer.
      leader.call('get', { id }).catch(() => {})
      await sleep(100)
      const waiters = others.map((each) => each.call('get', { id, callers: 10, budgetMs: 5_600 }))
      await sleep(200)
      await leader.kill()
      const outcomes = (await Promise.all(waiters)).flat()
      const loads = (await loadsOf(others)).length
      const last = round(Math.max(...times(outcomes)))
      return {
        seen: `${loads}, the last answer after ${last} ms${andFailed(outcomes)}`,
        figure: loads,
        met: loads === 1 && failed(outcomes) === 0,
      }
    },
  },
  {
    name: '50 callers of one process, and the reply to the lease is lost',
    must: '1 load',
    forLibraries: false,
    async try(ground) {
      const { url, wire } = await ground.redis(0.5)
      const [process] = (await ground.processes(1, url)) as [Process]
      await behave([process], { loadMs: 50 })
      const outcomes = await withTrap(wire, `evalsha.*\\{${id}\\}`, 'lost', () =>
        process.call('get', { id, callers: 50 }),
      )
      const loads = (await loadsOf([process])).length
      return {
        seen: `${loads}${andFailed(outcomes)}`,
        figure: loads,
        met: loads === 1 && failed(outcomes) === 0,
      }
    },
  },
  {
    name: 'the database refuses in 5 ms, ten callers in each of three processes',
    must: 'all hear it within 50 ms',
    forLibraries: true,
    async try(ground) {
      const { url } = await ground.redis(0.5)
      const processes = await ground.processes(3, url)
      await behave(processes, { loadMs: 5, refuses: true })
      const at = now() + 50
      const outcomes = (
        await Promise.all(processes.map((each) => each.call('get', { id, callers: 10, at })))
      ).flat()
      const heard = times(outcomes)
      const loads = (await loadsOf(processes)).length
      const last = round(Math.max(...heard))
      return {
        seen: `median ${round(median(heard))}, p90 ${round(quantile(heard, 0.9))}, last ${last} ms, ${failed(outcomes)} of 30 told, ${loads} loads`,
        figure: last,
        met: last <= 50 && failed(outcomes) === outcomes.length,
      }
    },
  },
  {
    name: 'a leader with 200 ms, ten followers in its process and another with 5 s, a load of 400 ms',
    must: 'all followers are answered',
    forLibraries: false,
    async try(ground) {
      const { url } = await ground.redis(0.5)
      const processes = await ground.processes(2, url)
      await behave(processes, { loadMs: 400 })
      const at = now() + 50
      const led = processes[0]?.call('get', { id, at, budgetMs: 200 })
      const followers = (
        await Promise.all(
          processes.map((each) => each.call('get', { id, callers: 5, at: at + 50, budgetMs: 5_000 })),
        )
      ).flat()
      await led
      const loads = (await loadsOf(processes)).length
      const answered = followers.length - failed(followers)
      return {
        seen: `${answered} of ${followers.length}, ${loads} loads${andFailed(followers)}`,
        figure: answered,
        met: answered === followers.length,
      }
    },
  },
]
