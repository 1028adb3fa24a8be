import { expect } from 'vitest'
import { startFleet, told } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(2)
const cache = 'shared'

timed('G7: callers of one process that wait for the same id ask Redis together', fleet, async ({ redis }) => {
  const [leader, waiter] = fleet.processes
  if (!leader || !waiter) throw new Error('no process')
  await fleet.open({ cache })
  await fleet.texts.write('a', 'x')
  await leader.call('behave', { slowMs: 800 })
  const led = leader.call('get', { cache, id: 'a' })
  await expect.poll(() => told([leader], 'load').length, { interval: 5 }).toBe(1)
  await redis.ask('config', 'resetstat')
  const answers = await waiter.call('get', { cache, id: 'a', callers: 50 })
  const stats = String(await redis.ask('info', 'commandstats'))
  await led
  expect(answers.map(({ value }) => value)).toEqual(Array.from({ length: 50 }, () => ({ text: 'x' })))
  // Fifty first reads, and less than two commands for each pause of 3 to 50 ms; 50 times as many if each asked by itself.
  expect(Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(50 + 100)
})
