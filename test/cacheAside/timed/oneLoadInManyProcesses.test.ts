import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { loaderOf, startFleet, told } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(20)
const callers = 10
const leaseMs = 3000

/** Has every process answer once: to compile twenty of them at the same moment would take these two cores a while. */
const warmUp = async ({ processes }: typeof fleet, cache: string) => {
  for (const each of processes) await each.call('get', { cache, id: 'another' })
  for (const each of processes) each.events.length = 0
}

/** Ten callers in each of twenty processes, which begin at the same moment. */
const getEverywhere = ({ processes }: typeof fleet, cache: string, id: string) => {
  const at = sharedNow() + 200
  return Promise.all(processes.map((each) => each.call('get', { cache, id, callers, at }))).then((answers) =>
    answers.flat(),
  )
}

timed('G3: two hundred callers in twenty processes on a cold key make one load', fleet, async () => {
  const { processes, texts, open } = fleet
  await open({ cache: 'cold' })
  await warmUp(fleet, 'cold')
  await texts.write('a', 'x')
  await Promise.all(processes.map((each) => each.call('behave', { slowMs: 800 })))
  const answers = await getEverywhere(fleet, 'cold', 'a')
  for (const { value, version } of answers)
    expect({ value, version }).toEqual({ value: { text: 'x' }, version: 1 })
  expect(told(processes, 'load')).toHaveLength(1)
  expect(answers.filter(({ status }) => status.stored)).toHaveLength(1)
  expect(answers.filter(({ status }) => status.collapsed)).toHaveLength(199)
})

timed(
  'G3: on a key that has just gone stale one loads, and the other 199 have it stale at once',
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
    // Behind the back of the cache, so that the new value can be told from the stale one.
    await texts.write('b', 'new')

    const all = getEverywhere(fleet, 'stale', 'b')
    await expect.poll(() => told(processes, 'answer').length).toBe(199)
    // The load has not returned yet.
    for (const { answer } of told(processes, 'answer')) {
      expect(answer).toMatchObject({ value: { text: 'old' }, status: { fwd: 'stale' } })
      expect(answer.status.ttl).toBeLessThan(0)
    }
    await Promise.all(processes.map((each) => each.call('release')))
    const refreshed = (await all).filter(({ status }) => status.stored)
    expect(refreshed).toMatchObject([{ value: { text: 'new' }, status: { fwd: 'stale' } }])
    expect(told(processes, 'load')).toHaveLength(1)
    expect(await processes[0]?.call('get', { cache: 'stale', id: 'b' })).toMatchObject([
      { value: { text: 'new' } },
    ])
  },
)

timed(
  'G3: each loading process that is killed costs one lease, and the others are answered',
  fleet,
  async () => {
    const { processes, texts, open } = fleet
    await open({ cache: 'killed' })
    await texts.write('c', 'x')
    await Promise.all(processes.map((each) => each.call('hold')))
    let living = [...processes]
    const begun = sharedNow()
    const answers = processes.map((each) => each.call('get', { cache: 'killed', id: 'c', callers }))
    const outcomes = Promise.allSettled(answers)
    for (let kill = 0; kill < 2; kill++) {
      await expect.poll(() => loaderOf(living, 'c'), { interval: 5 }).toBeDefined()
      const loader = loaderOf(living, 'c')
      if (!loader) throw new Error('nobody loads')
      // Its 10 callers go with it; the token of its lease stays in Redis.
      await loader.kill()
      living = living.filter((each) => each !== loader)
    }
    await Promise.all(living.map((each) => each.call('release')))
    const answered = (await outcomes).flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    expect(answered).toHaveLength(180)
    for (const { value } of answered) expect(value).toEqual({ text: 'x' })
    const loads = told(processes, 'load', 'c').map(({ at }) => at)
    loads.sort((a, b) => a - b)
    expect(loads).toHaveLength(3)
    for (const [n, at] of loads.entries()) {
      // From before the first lease was taken, which no slowness of the machine can shorten; less the rounding of Redis' clock.
      expect(at - begun).toBeGreaterThan(n * leaseMs - 20)
    }
  },
)
