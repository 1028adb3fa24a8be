import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Process, startFleet, told } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(2)
const both = () => fleet.processes as [Process, Process]

/** Has `writer` commit a text and killed before it removes what Redis holds. */
async function killAfterCommit(writer: Process, cache: string, id: string, text: string) {
  const write = writer.call('write', { cache, id, text, hang: true })
  write.catch(() => {})
  await expect.poll(() => told([writer], 'committed').length, { interval: 5 }).toBe(1)
  await writer.kill()
  await expect(write).rejects.toThrow('SIGKILL')
}

const life = { ttl: 2500, staleWhileRevalidate: 500 }

const read = async (cache: string, id: string) => {
  const [reader] = both()
  const [answer] = await reader.call('get', { cache, id })
  if (!answer) throw new Error('no answer')
  return answer
}

timed(
  'G1: a writer killed between commit and removal leaves the old value for the life of the entry at most',
  fleet,
  async () => {
    const { texts } = fleet
    const [, writer] = both()
    await fleet.open({ cache: 'life', options: life })
    await texts.write('a', 'old')
    await read('life', 'a')
    const filled = sharedNow()
    await killAfterCommit(writer, 'life', 'a', 'new')
    // So long a value may be stale after a write that nobody could finish, and here it is.
    expect(await read('life', 'a')).toMatchObject({ value: { text: 'old' }, status: { hit: true } })
    let last = 0
    while (sharedNow() - filled < 8000) {
      const { value, at } = await read('life', 'a')
      if ((value as { text: string }).text === 'old') last = at
      else break
      await sleep(5)
    }
    expect(last - filled).toBeGreaterThan(0)
    // The time that an answer takes on its way comes on top.
    expect(last - filled).toBeLessThan(life.ttl + life.staleWhileRevalidate + 300)
    expect(await read('life', 'a')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
  },
)

timed('G1: the version of the commit, delivered by another process, ends that life', fleet, async () => {
  const { texts } = fleet
  const [reader, writer] = both()
  await fleet.open({ cache: 'told' })
  await texts.write('b', 'old')
  await read('told', 'b')
  await killAfterCommit(writer, 'told', 'b', 'new')
  expect(await read('told', 'b')).toMatchObject({ value: { text: 'old' }, version: 1, status: { hit: true } })
  expect(await reader.call('invalidate', { cache: 'told', id: 'b', version: 2 })).toBe('done')
  expect(await read('told', 'b')).toMatchObject({
    value: { text: 'new' },
    version: 2,
    status: { stored: true },
  })
  // Delivered once more, as streams do, it spares what is new.
  expect(await reader.call('invalidate', { cache: 'told', id: 'b', version: 2 })).toBe('done')
  expect(await read('told', 'b')).toMatchObject({ version: 2, status: { hit: true } })
})
