import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { findLoader, reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(20)
const callers = 10
const leaseMs = 3000

/** Lets every process answer once, one after another: all at once, their compilation would slow down the test. */
const warmUp = async ({ processes }: typeof fleet, cache: string) => {
  for (const each of processes) await each.call('get', { cache, id: 'other' })
  for (const each of processes) each.events.length = 0
}

/** Calls `get` from ten callers in each process, all at the same moment. */
const getEverywhere = ({ processes }: typeof fleet, cache: string, id: string) => {
  const at = sharedNow() + 200
  return Promise.all(processes.map((each) => each.call('get', { cache, id, callers, at }))).then((answers) =>
    answers.flat(),
  )
}

timed('G3: two hundred callers in twenty processes make one load of a cold key', fleet, async () => {
  const { processes, texts, open } = fleet
  await open({ cache: 'cold' })
  await warmUp(fleet, 'cold')
  await texts.write('a', 'x')
  await Promise.all(processes.map((each) => each.call('behave', { slowMs: 800 })))
  const answers = await getEverywhere(fleet, 'cold', 'a')
  for (const { value, version } of answers)
    expect({ value, version }).toEqual({ value: { text: 'x' }, version: 1 })
  expect(reported(processes, 'load')).toHaveLength(1)
  expect(answers.filter(({ status }) => status.stored)).toHaveLength(1)
  expect(answers.filter(({ status }) => status.collapsed)).toHaveLength(199)
})

timed(
  'G3: when a key has just become stale, one caller loads and 199 get the stale value at once',
  fleet,
  async () => {
    const { processes, texts, open } = fleet
    const ttl = 300
    await open({ cache: 'stale', options: { ttl, jitter: 0, staleWhileRevalidate: 60_000 } })
    await texts.write('b', 'old')
    await processes[0]?.call('get', { cache: 'stale', id: 'b' })
    await Promise.all(processes.map((each) => each.call('hold')))
    for (const each of processes) each.events.length = 0
    await sleep(ttl + 20)
    // Written past the cache, so that the new value differs from the stale one.
    await texts.write('b', 'new')

    const all = getEverywhere(fleet, 'stale', 'b')
    await expect.poll(() => reported(processes, 'answer').length).toBe(199)
    // The load has not returned yet.
    for (const { answer } of reported(processes, 'answer')) {
      expect(answer).toMatchObject({ value: { text: 'old' }, status: { fwd: 'stale' } })
      expect(answer.status.ttl).toBeLessThan(0)
    }
    await Promise.all(processes.map((each) => each.call('release')))
    const refreshed = (await all).filter(({ status }) => status.stored)
    expect(refreshed).toMatchObject([{ value: { text: 'new' }, status: { fwd: 'stale' } }])
    expect(reported(processes, 'load')).toHaveLength(1)
    expect(await processes[0]?.call('get', { cache: 'stale', id: 'b' })).toMatchObject([
      { value: { text: 'new' } },
    ])
  },
)

timed('G3: each killed lease holder costs one lease, and the other callers are answered', fleet, async () => {
  const { processes, texts, open } = fleet
  await open({ cache: 'killed' })
  await texts.write('c', 'x')
  await Promise.all(processes.map((each) => each.call('hold')))
  let living = [...processes]
  const begun = sharedNow()
  const answers = processes.map((each) => each.call('get', { cache: 'killed', id: 'c', callers }))
  const outcomes = Promise.allSettled(answers)
  for (let kill = 0; kill < 2; kill++) {
    await expect.poll(() => findLoader(living, 'c'), { interval: 5 }).toBeDefined()
    const loader = findLoader(living, 'c')
    if (!loader) throw new Error('No process loads')
    // Its ten callers end with it, but its lease stays in Redis.
    await loader.kill()
    living = living.filter((each) => each !== loader)
  }
  await Promise.all(living.map((each) => each.call('release')))
  const answered = (await outcomes).flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  expect(answered).toHaveLength(180)
  for (const { value } of answered) expect(value).toEqual({ text: 'x' })
  const loads = reported(processes, 'load', 'c').map(({ at }) => at)
  loads.sort((a, b) => a - b)
  expect(loads).toHaveLength(3)
  for (const [n, at] of loads.entries()) {
    // Counted from before the first lease, so a slow machine cannot shorten it. 20 ms allow for the rounding of Redis'
    // clock.
    expect(at - begun).toBeGreaterThan(n * leaseMs - 20)
  }
})
