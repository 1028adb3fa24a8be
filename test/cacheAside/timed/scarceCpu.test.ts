import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { cacheLog, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(1, { delayMs: 2 })
const cache = 'starved'

/** Lets a process run for 10 of each 160 ms during `act`. Each pause is longer than `cacheTimeoutMs`. */
async function withScarceCpu(child: { kill(signal: NodeJS.Signals): boolean }, act: () => Promise<void>) {
  let isOver = false
  const done = act().finally(() => {
    isOver = true
  })
  try {
    while (!isOver) {
      child.kill('SIGSTOP')
      await sleep(150)
      child.kill('SIGCONT')
      await sleep(10)
    }
  } finally {
    child.kill('SIGCONT')
  }
  await done
}

timed(
  'G4: a process that runs for 10 of each 160 ms does not mistake its own pauses for a Redis timeout',
  fleet,
  async () => {
    const [reader] = fleet.processes
    if (!reader) throw new Error('The fleet has no process')
    await fleet.open({ cache })
    const ids = Array.from({ length: 24 }, (_, n) => `id${n}`)
    await Promise.all(ids.map((id) => fleet.texts.write(id, 'x')))
    await withScarceCpu(reader.process, async () => {
      for (const id of ids.slice(0, 12)) await reader.call('get', { cache, id })
      for (let from = 12; from < 24; from += 4)
        await reader.call('getMany', { cache, ids: ids.slice(from, from + 4) })
      for (const id of ids.slice(0, 10)) await reader.call('invalidate', { cache, id })
    })
    const log = await cacheLog(fleet.processes)
    expect(log.filter(({ type }) => type === 'bypass' || type === 'breaker')).toEqual([])
    expect(log.filter((event) => event.type === 'fill' && event.stored)).toHaveLength(24)
    expect(log.filter(({ type }) => type === 'removal')).toMatchObject(
      Array.from({ length: 10 }, () => ({ outcome: 'done' })),
    )
  },
)
