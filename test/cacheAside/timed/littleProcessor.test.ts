import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { logOf, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(1, { delayMs: 2 })
const cache = 'starved'

/** Lets a process run for 10 of 160 ms while something is done: each pause is longer than `cacheTimeoutMs`. */
async function withLittleProcessor(
  child: { kill(signal: NodeJS.Signals): boolean },
  act: () => Promise<void>,
) {
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
  'G4: a process that gets a processor for 10 of 160 ms does not take its own pauses for a silent Redis',
  fleet,
  async () => {
    const [reader] = fleet.processes
    if (!reader) throw new Error('no process')
    await fleet.open({ cache })
    const ids = Array.from({ length: 24 }, (_, n) => `id${n}`)
    await Promise.all(ids.map((id) => fleet.texts.write(id, 'x')))
    await withLittleProcessor(reader.process, async () => {
      for (const id of ids.slice(0, 12)) await reader.call('get', { cache, id })
      for (let from = 12; from < 24; from += 4)
        await reader.call('getMany', { cache, ids: ids.slice(from, from + 4) })
      for (const id of ids.slice(0, 10)) await reader.call('invalidate', { cache, id })
    })
    const log = await logOf(fleet.processes)
    expect(log.filter(({ type }) => type === 'bypass' || type === 'breaker')).toEqual([])
    expect(log.filter((event) => event.type === 'fill' && event.stored)).toHaveLength(24)
    expect(log.filter(({ type }) => type === 'removal')).toMatchObject(
      Array.from({ length: 10 }, () => ({ outcome: 'done' })),
    )
  },
)
