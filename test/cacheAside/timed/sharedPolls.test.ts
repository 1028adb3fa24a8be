import { expect } from 'vitest'
import { reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(2)
const cache = 'shared'

timed('G7: callers of one process that wait for the same id share their polls', fleet, async ({ redis }) => {
  const [holder, waiter] = fleet.processes
  if (!holder || !waiter) throw new Error('A process is missing')
  await fleet.open({ cache })
  await fleet.texts.write('a', 'x')
  await holder.call('behave', { slowMs: 800 })
  const load = holder.call('get', { cache, id: 'a' })
  await expect.poll(() => reported([holder], 'load').length, { interval: 5 }).toBe(1)
  await redis.ask('config', 'resetstat')
  const answers = await waiter.call('get', { cache, id: 'a', callers: 50 })
  const stats = String(await redis.ask('info', 'commandstats'))
  await load
  expect(answers.map(({ value }) => value)).toEqual(Array.from({ length: 50 }, () => ({ text: 'x' })))
  // Fifty first reads, and less than two polls in each pause of 3 to 50 ms. Without sharing there would be 50 times as
  // many polls.
  expect(Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(50 + 100)
})
