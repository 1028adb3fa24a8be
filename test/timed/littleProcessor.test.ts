import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { logOf, startFleet } from '../support/fleet.ts'
import { timed } from '../support/timed.ts'

const fleet = await startFleet(1, { delayMs: 2 })
const cache = 'starved'

/** Lets a process run for 6 of 60 ms while something is done, as a sandbox with a tenth of a processor does. */
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
      await sleep(54)
      child.kill('SIGCONT')
      await sleep(6)
    }
  } finally {
    child.kill('SIGCONT')
  }
  await done
}

timed(
  'G4: a process that has a tenth of a processor does not take its own pauses for a silent Redis',
  fleet,
  async () => {
    const [reader] = fleet.processes
    if (!reader) throw new Error('no process')
    await fleet.open({ cache })
    const ids = Array.from({ length: 40 }, (_, n) => `id${n}`)
    await Promise.all(ids.map((id) => fleet.texts.write(id, 'x')))
    await withLittleProcessor(reader.process, async () => {
      for (const id of ids.slice(0, 20)) await reader.call('get', { cache, id })
      for (let from = 20; from < 40; from += 4)
        await reader.call('getMany', { cache, ids: ids.slice(from, from + 4) })
      for (const id of ids.slice(0, 10)) await reader.call('invalidate', { cache, id })
    })
    const log = await logOf(fleet.processes)
    expect(log.filter(({ type }) => type === 'bypass' || type === 'breaker')).toEqual([])
    expect(log.filter(({ type }) => type === 'fill')).toHaveLength(40)
    expect(log.filter(({ type }) => type === 'removal')).toMatchObject(
      Array.from({ length: 10 }, () => ({ outcome: 'done' })),
    )
  },
)
