import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Process, startFleet, told } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(6)
const cache = 'slow'

timed('G3: five processes wait for a load of two seconds, one millisecond away', fleet, async ({ redis }) => {
  await redis.wire.delay(1)
  await fleet.open({ cache })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ slowMs: 2000 })
  const begin = sharedNow() + 100
  const answers = await Promise.all(
    fleet.processes.map((each, n) => each.call('get', { cache, id: 'a', at: begin + 10 * n })),
  )
  for (const { value } of answers.flat()) expect(value).toEqual({ text: 'x' })
  expect(told(fleet.processes, 'load')).toHaveLength(1)
})

timed('G3: a list waits for a load of two seconds as well', fleet, async () => {
  await fleet.open({ cache })
  await fleet.texts.write('b', 'x')
  await fleet.behave({ ids: ['b'], slowMs: 2000 })
  const [leader, ...others] = fleet.processes as [Process, ...Process[]]
  const begin = sharedNow() + 100
  const first = leader.call('get', { cache, id: 'b', at: begin })
  const lists = await Promise.all(
    others.map((each) => each.call('getMany', { cache, ids: ['b', 'c', 'd'], at: begin + 20 })),
  )
  for (const [answer] of [await first, ...lists]) expect(answer?.value).toEqual({ text: 'x' })
  expect(told(fleet.processes, 'load', 'b')).toHaveLength(1)
  expect(told(fleet.processes, 'batch').filter(({ ids }) => ids.includes('b'))).toEqual([])
})

timed('G3: a waiter of another process has its answer soon after the load is done', fleet, async () => {
  const [one, other] = fleet.processes as [Process, Process]
  await fleet.open({ cache })
  await fleet.behave({ slowMs: 50 })
  const late: number[] = []
  for (let round = 0; round < 40; round++) {
    const id = `round${round}`
    const at = sharedNow() + 10
    const both = await Promise.all([
      one.call('get', { cache, id, at }),
      other.call('get', { cache, id, at: at + 8 }),
    ])
    // On a busy machine the one that was to come later may come first.
    const waited = both.flat().find(({ status }) => status.collapsed)
    const loaded = both.flat().find(({ status }) => status.stored)
    if (!waited || !loaded) throw new Error(`One loads and one waits, not ${JSON.stringify(both)}`)
    late.push(waited.at - loaded.at)
  }
  late.sort((a, b) => a - b)
  // A fifth of what it has waited, and a round trip or two.
  expect(late[Math.floor(0.9 * late.length)]).toBeLessThan(16)
})
