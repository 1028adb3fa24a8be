import { expect } from 'vitest'
import { type Process, reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(4)
const cache = 'lost'
/** How much of an HTTP request's time is left when it reaches the cache, ms. */
const budgetMs = 5600

timed(
  'G3: a lease holder that is killed costs one more load, if all callers have the budget of a request',
  fleet,
  async () => {
    const [holder, ...others] = fleet.processes as [Process, ...Process[]]
    await fleet.open({ cache })
    await fleet.texts.write('a', 'x')
    await holder.call('hold')
    await fleet.behave({ slowMs: 50 })
    const dead = holder.call('get', { cache, id: 'a', budgetMs })
    await expect.poll(() => reported([holder], 'load').length, { interval: 5 }).toBe(1)
    const waiting = Promise.all(
      others.map((each) => each.call('get', { cache, id: 'a', callers: 10, budgetMs })),
    )
    await expect.poll(() => reported(others, 'begun').length, { interval: 5 }).toBe(3)
    await holder.kill()
    await dead.catch(() => {})
    for (const { value } of (await waiting).flat()) expect(value).toEqual({ text: 'x' })
    expect(reported(others, 'load')).toHaveLength(1)
  },
)

timed(
  'G7: fifty callers whose lease request gets no reply join one load of their process',
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
    expect(reported([process], 'load', 'a')).toHaveLength(1)
  },
)

timed(
  'G6: every process reports a refusal by the database in the time of the refusal, as a 503',
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
      // One load for all, and a few by callers that came after its mark had ended.
      expect(reported(fleet.processes, 'load', id).length).toBeLessThanOrEqual(8)
    }
  },
)

timed('G6: every process reports the refused ids of a list in the time of the refusal', fleet, async () => {
  await fleet.open({ cache })
  await fleet.behave({ failMs: 5 })
  const ids = ['a', 'b', 'c', 'd']
  const answers = (
    await Promise.all(fleet.processes.map((each) => each.call('getMany', { cache, ids })))
  ).flat()
  for (const { error } of answers) expect(error).toMatchObject({ name: 'LoadFailed', status: 503 })
  expect(Math.max(...answers.map(({ took }) => took))).toBeLessThan(150)
})

timed(
  'G6: if the loading caller runs out of time, callers with more time still get the value',
  fleet,
  async () => {
    const [one, other] = fleet.processes as [Process, Process]
    await fleet.open({ cache })
    await fleet.texts.write('a', 'x')
    await fleet.behave({ slowMs: 400 })
    const short = one.call('get', { cache, id: 'a', budgetMs: 200 })
    await expect.poll(() => reported([one], 'load').length, { interval: 2 }).toBe(1)
    const followers = await Promise.all([
      one.call('get', { cache, id: 'a', callers: 10, budgetMs: 5000 }),
      other.call('get', { cache, id: 'a', callers: 10, budgetMs: 5000 }),
    ])
    for (const { value } of followers.flat()) expect(value).toEqual({ text: 'x' })
    const [failed] = await short
    expect(failed?.error).toMatchObject({ name: 'LoadFailed', status: 503 })
    expect(failed?.took).toBeLessThan(300)
    expect(reported(fleet.processes, 'load')).toHaveLength(1)
  },
)

timed(
  'G6: if the loading caller runs out of time and no other caller waits, its lease is released',
  fleet,
  async () => {
    const [one, other] = fleet.processes as [Process, Process]
    await fleet.open({ cache })
    await fleet.texts.write('a', 'x')
    await one.call('behave', { slowMs: 2000 })
    const [failed] = await one.call('get', { cache, id: 'a', budgetMs: 200 })
    expect(failed?.error).toMatchObject({ name: 'LoadFailed' })
    const [answer] = await other.call('get', { cache, id: 'a' })
    expect(answer).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
    expect(answer?.took).toBeLessThan(300)
  },
)
