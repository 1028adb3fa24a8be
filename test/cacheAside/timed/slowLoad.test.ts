import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Process, reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(6)
const cache = 'slow'

timed(
  'G3: five processes wait for a load of two seconds, with Redis one millisecond away',
  fleet,
  async ({ redis }) => {
    await redis.wire.delay(1)
    await fleet.open({ cache })
    await fleet.texts.write('a', 'x')
    await fleet.behave({ slowMs: 2000 })
    const begin = sharedNow() + 100
    const answers = await Promise.all(
      fleet.processes.map((each, n) => each.call('get', { cache, id: 'a', at: begin + 10 * n })),
    )
    for (const { value } of answers.flat()) expect(value).toEqual({ text: 'x' })
    expect(reported(fleet.processes, 'load')).toHaveLength(1)
  },
)

timed('G3: a list waits for a load of two seconds', fleet, async () => {
  await fleet.open({ cache })
  await fleet.texts.write('b', 'x')
  await fleet.behave({ ids: ['b'], slowMs: 2000 })
  const [holder, ...others] = fleet.processes as [Process, ...Process[]]
  const begin = sharedNow() + 100
  const first = holder.call('get', { cache, id: 'b', at: begin })
  const lists = await Promise.all(
    others.map((each) => each.call('getMany', { cache, ids: ['b', 'c', 'd'], at: begin + 20 })),
  )
  for (const [answer] of [await first, ...lists]) expect(answer?.value).toEqual({ text: 'x' })
  expect(reported(fleet.processes, 'load', 'b')).toHaveLength(1)
  expect(reported(fleet.processes, 'batch').filter(({ ids }) => ids.includes('b'))).toEqual([])
})

timed('G3: a caller in another process gets its answer soon after the load ends', fleet, async () => {
  const [one, other] = fleet.processes as [Process, Process]
  await fleet.open({ cache })
  await fleet.behave({ slowMs: 50 })
  const delays: number[] = []
  for (let round = 0; round < 40; round++) {
    const id = `round${round}`
    const at = sharedNow() + 10
    const both = await Promise.all([
      one.call('get', { cache, id, at }),
      other.call('get', { cache, id, at: at + 8 }),
    ])
    // On a busy machine, the caller that begins later may load first.
    const waited = both.flat().find(({ status }) => status.collapsed)
    const loaded = both.flat().find(({ status }) => status.stored)
    if (!waited || !loaded)
      throw new Error(`One caller must load and one must wait, but they answered ${JSON.stringify(both)}`)
    delays.push(waited.at - loaded.at)
  }
  delays.sort((a, b) => a - b)
  // A fifth of the time waited, and one or two round trips.
  expect(delays[Math.floor(0.9 * delays.length)]).toBeLessThan(16)
})
