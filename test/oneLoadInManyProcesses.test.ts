import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { sharedNow } from './support/clock.ts'
import { loaderOf, startFleet, told } from './support/fleet.ts'

const { processes, texts, open } = await startFleet(20)
const callers = 10
/** So many processes share two cores here: their slowness is not to be taken for that of Redis or of a load. */
const patience = { cacheTimeoutMs: 10_000, leaseMs: 20_000, waitMs: 20_000, loadTimeoutMs: 15_000 }

const release = () => Promise.all(processes.map((each) => each.call('release')))
const getEverywhere = (cache: string, id: string) =>
  Promise.all(processes.map((each) => each.call('get', { cache, id, callers }))).then((answers) =>
    answers.flat(),
  )

beforeEach(async () => {
  for (const each of processes) each.events.length = 0
  await Promise.all(processes.map((each) => each.call('hold')))
})

test('two hundred callers in twenty processes on a cold key make one load', async () => {
  await open({ cache: 'cold', options: patience })
  await texts.write('a', 'x')
  const answers = getEverywhere('cold', 'a')
  await expect.poll(() => told(processes, 'begun').length, { timeout: 10_000 }).toBe(20)
  await expect.poll(() => told(processes, 'load').length, { timeout: 10_000 }).toBe(1)
  await release()
  for (const { value, version } of await answers)
    expect({ value, version }).toEqual({ value: { text: 'x' }, version: 1 })
  expect(told(processes, 'load')).toHaveLength(1)
  expect((await answers).filter(({ status }) => status.stored)).toHaveLength(1)
})

test('on a key that has just gone stale one loads, and the other 199 have the stale value at once', async () => {
  const ttl = 300
  await open({ cache: 'stale', options: { ...patience, ttl, jitter: 0, staleWhileRevalidate: 60_000 } })
  await release()
  await texts.write('b', 'old')
  await processes[0]?.call('get', { cache: 'stale', id: 'b' })
  await Promise.all(processes.map((each) => each.call('hold')))
  for (const each of processes) each.events.length = 0
  await sleep(ttl + 20)
  // Behind the back of the cache, so that the new value can be told from the stale one.
  await texts.write('b', 'new')

  const all = getEverywhere('stale', 'b')
  await expect.poll(() => told(processes, 'answer').length, { timeout: 10_000 }).toBe(199)
  // The load has not returned yet.
  for (const { answer } of told(processes, 'answer')) {
    expect(answer).toMatchObject({ value: { text: 'old' }, status: { fwd: 'stale' } })
    expect(answer.status.ttl).toBeLessThan(0)
  }
  await release()
  const refreshed = (await all).filter(({ status }) => status.stored)
  expect(refreshed).toMatchObject([{ value: { text: 'new' }, status: { fwd: 'stale' } }])
  expect(told(processes, 'load')).toHaveLength(1)
  expect(await processes[0]?.call('get', { cache: 'stale', id: 'b' })).toMatchObject([
    { value: { text: 'new' } },
  ])
})

test('each loading process that is killed costs one lease, and the others are answered', async () => {
  const leaseMs = 1500
  await open({ cache: 'killed', options: { ...patience, leaseMs, loadTimeoutMs: 1400 } })
  await texts.write('c', 'x')
  let living = [...processes]
  const begun = sharedNow()
  const answers = processes.map((each) => each.call('get', { cache: 'killed', id: 'c', callers }))
  const outcomes = Promise.allSettled(answers)
  for (let kill = 0; kill < 2; kill++) {
    await expect.poll(() => loaderOf(living, 'c'), { interval: 5, timeout: 10_000 }).toBeDefined()
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
})
