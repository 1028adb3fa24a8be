import { expect } from 'vitest'
import { type Process, startFleet, told } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(4)
const cache = 'leader'
/** What is left of an HTTP request's time when it comes to the cache, ms. */
const budgetMs = 5600

timed(
  'G3: a leader that is killed costs one load more, though all callers have the budget of a request',
  fleet,
  async () => {
    const [leader, ...others] = fleet.processes as [Process, ...Process[]]
    await fleet.open({ cache })
    await fleet.texts.write('a', 'x')
    await leader.call('hold')
    await fleet.behave({ slowMs: 50 })
    const dead = leader.call('get', { cache, id: 'a', budgetMs })
    await expect.poll(() => told([leader], 'load').length, { interval: 5 }).toBe(1)
    const waiting = Promise.all(
      others.map((each) => each.call('get', { cache, id: 'a', callers: 10, budgetMs })),
    )
    await expect.poll(() => told(others, 'begun').length, { interval: 5 }).toBe(3)
    await leader.kill()
    await dead.catch(() => {})
    for (const { value } of (await waiting).flat()) expect(value).toEqual({ text: 'x' })
    expect(told(others, 'load')).toHaveLength(1)
  },
)

timed(
  'G2: fifty callers whose lease was answered by nobody join one load of their process',
  fleet,
  async ({ redis }) => {
    const [process] = fleet.processes as [Process]
    await fleet.open({ cache })
    await fleet.texts.write('a', 'x')
    await process.call('get', { cache, id: 'other' })
    await fleet.behave({ slowMs: 50 })
    await redis.wire.trap('eval.*{a}', 'lost')
    const answers = await process.call('get', { cache, id: 'a', callers: 50 })
    for (const { value } of answers) expect(value).toEqual({ text: 'x' })
    expect(told([process], 'load', 'a')).toHaveLength(1)
  },
)

timed(
  'G6: what the database refuses is told in the time of the refusal, as 503, in every process',
  fleet,
  async () => {
    await fleet.open({ cache })
    await fleet.behave({ failMs: 5 })
    for (let round = 0; round < 5; round++) {
      const id = `refused${round}`
      const answers = (
        await Promise.all(fleet.processes.map((each) => each.call('get', { cache, id, callers: 10 })))
      ).flat()
      for (const { error } of answers) expect(error).toMatchObject({ name: 'LoadFailed', status: 503 })
      expect(Math.max(...answers.map(({ took }) => took))).toBeLessThan(150)
      // Not each for itself: one, and whoever came when its mark had ended.
      expect(told(fleet.processes, 'load', id).length).toBeLessThanOrEqual(8)
    }
  },
)

timed('G6: so it is for the ids of a list', fleet, async () => {
  await fleet.open({ cache })
  await fleet.behave({ failMs: 5 })
  const ids = ['a', 'b', 'c', 'd']
  const answers = (
    await Promise.all(fleet.processes.map((each) => each.call('getMany', { cache, ids })))
  ).flat()
  for (const { error } of answers) expect(error).toMatchObject({ name: 'LoadFailed', status: 503 })
  expect(Math.max(...answers.map(({ took }) => took))).toBeLessThan(150)
})

timed('G6: a leader that runs out of its own time fails nobody who has more', fleet, async () => {
  const [one, other] = fleet.processes as [Process, Process]
  await fleet.open({ cache })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ slowMs: 400 })
  const leader = one.call('get', { cache, id: 'a', budgetMs: 200 })
  await expect.poll(() => told([one], 'load').length, { interval: 2 }).toBe(1)
  const followers = await Promise.all([
    one.call('get', { cache, id: 'a', callers: 10, budgetMs: 5000 }),
    other.call('get', { cache, id: 'a', callers: 10, budgetMs: 5000 }),
  ])
  for (const { value } of followers.flat()) expect(value).toEqual({ text: 'x' })
  const [failed] = await leader
  expect(failed?.error).toMatchObject({ name: 'LoadFailed', status: 503 })
  expect(failed?.took).toBeLessThan(300)
  expect(told(fleet.processes, 'load')).toHaveLength(1)
})

timed('G6: where nobody else waits, its lease is given back', fleet, async () => {
  const [one, other] = fleet.processes as [Process, Process]
  await fleet.open({ cache })
  await fleet.texts.write('a', 'x')
  await one.call('behave', { slowMs: 2000 })
  const [failed] = await one.call('get', { cache, id: 'a', budgetMs: 200 })
  expect(failed?.error).toMatchObject({ name: 'LoadFailed' })
  const [answer] = await other.call('get', { cache, id: 'a' })
  expect(answer).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
  expect(answer?.took).toBeLessThan(300)
})
