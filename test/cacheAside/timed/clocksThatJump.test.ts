import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Process, reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(3)
const hour = 3_600_000
const cache = 'clocks'
const ttl = 2000
const leaseMs = 3000

/** Opens a cache in three processes. One has the right time, one is an hour ahead, one is an hour behind. */
async function open() {
  const [right, fast, slow] = fleet.processes as [Process, Process, Process]
  await fleet.open({ cache, options: { ttl, jitter: 0 } })
  await fast.call('setClock', { ahead: hour })
  await slow.call('setClock', { ahead: -hour })
  return { right, fast, slow, processes: fleet.processes, texts: fleet.texts }
}

const read = async (process: Process, id: string) => {
  const [answer] = await process.call('get', { cache, id })
  if (!answer) throw new Error('The process returned no answer')
  return answer
}

timed('G1: no process reads a value from before a write, however wrong the clocks are', fleet, async () => {
  const { processes } = await open()
  let version = 0
  for (const writer of processes) {
    for (const filler of processes) {
      version++
      await writer.call('write', { cache, id: 'a', text: `text ${version}` })
      for (const reader of [filler, ...processes]) {
        expect(await read(reader, 'a')).toMatchObject({ version, value: { text: `text ${version}` } })
      }
    }
  }
})

timed('an age is never negative, and decides only whether an entry is fresh', fleet, async () => {
  const { right, fast, slow, texts } = await open()
  await texts.write('b', 'x')
  expect(await read(right, 'b')).toMatchObject({ status: { stored: true } })
  expect(await read(slow, 'b')).toMatchObject({ age: 0, status: { hit: true, ttl: ttl / 1000 } })
  // To the clock that is an hour ahead the entry is stale, so that process loads it again.
  expect(await read(fast, 'b')).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
  expect(await read(right, 'b')).toMatchObject({ age: 0, status: { hit: true } })
})

timed('G1: to a process whose clock is behind, an entry lives no longer than in Redis', fleet, async () => {
  const { right, slow, texts } = await open()
  await texts.write('c', 'old')
  await read(right, 'c')
  const filled = sharedNow()
  await texts.write('c', 'new, written past the cache')
  let last: Awaited<ReturnType<typeof read>>
  do last = await read(slow, 'c')
  while (last.status.hit && sharedNow() - filled < 5000)
  expect(last).toMatchObject({ version: 2, status: { stored: true } })
  expect(last.at - filled).toBeLessThan(ttl + 500)
})

timed('G3: a lease ends only by the clock of Redis', fleet, async () => {
  const { fast, slow, texts } = await open()
  await texts.write('d', 'x')
  await slow.call('hold')
  const held = read(slow, 'd')
  await expect.poll(() => reported([slow], 'load', 'd').length, { interval: 5 }).toBe(1)
  const [taken] = reported([slow], 'load', 'd')
  // Stopped for longer than its lease lasts.
  slow.process.kill('SIGSTOP')
  // Its clock is an hour ahead, but it waits for the lease holder until the lease ends.
  expect(await read(fast, 'd')).toMatchObject({ status: { stored: true } })
  const [second] = reported([fast], 'load', 'd')
  expect((second?.at ?? 0) - (taken?.at ?? 0)).toBeGreaterThan(leaseMs * 0.8)
  slow.process.kill('SIGCONT')
  await slow.call('release')
  expect((await held).status.stored).toBeUndefined()
})

timed('G1: a clock that jumps during a load affects neither its fill nor a removal', fleet, async () => {
  const { right, fast, processes, texts } = await open()
  for (const [step, ahead] of [0, hour, -hour, 0].entries()) {
    const id = `e${step}`
    await texts.write(id, 'old')
    await right.call('hold')
    const filled = read(right, id)
    await expect.poll(() => reported([right], 'load', id).length, { interval: 5 }).toBe(1)
    await right.call('setClock', { ahead })
    await right.call('release')
    expect(await filled).toMatchObject({ value: { text: 'old' }, status: { stored: true } })

    await fast.call('invalidate', { cache, id })
    await right.call('hold')
    const refused = read(right, id)
    await expect.poll(() => reported([right], 'load', id).length, { interval: 5 }).toBe(2)
    await fast.call('write', { cache, id, text: 'new' })
    await right.call('setClock', { ahead: -ahead })
    await right.call('release')
    expect((await refused).status.stored).toBeUndefined()
    for (const process of processes) expect(await read(process, id)).toMatchObject({ value: { text: 'new' } })
    await right.call('setClock', { ahead: 0 })
    await sleep(1)
  }
})
