import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Process, reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(2)
const getProcesses = () => fleet.processes as [Process, Process]

/** Lets `writer` commit a text, and kills it before it removes the entry from Redis. */
async function killAfterCommit(writer: Process, cache: string, id: string, text: string) {
  const write = writer.call('write', { cache, id, text, hang: true })
  write.catch(() => {})
  await expect.poll(() => reported([writer], 'committed').length, { interval: 5 }).toBe(1)
  await writer.kill()
  await expect(write).rejects.toThrow('SIGKILL')
}

const lifetimes = { ttl: 2500, staleWhileRevalidate: 500 }

const read = async (cache: string, id: string) => {
  const [reader] = getProcesses()
  const [answer] = await reader.call('get', { cache, id })
  if (!answer) throw new Error('The process returned no answer')
  return answer
}

timed(
  'G1: if a writer is killed between commit and removal, its old value expires with the entry at the latest',
  fleet,
  async () => {
    const { texts } = fleet
    const [, writer] = getProcesses()
    await fleet.open({ cache: 'life', options: lifetimes })
    await texts.write('a', 'old')
    await read('life', 'a')
    const filled = sharedNow()
    await killAfterCommit(writer, 'life', 'a', 'new')
    // The value may be stale until the entry expires, because the write was never finished.
    expect(await read('life', 'a')).toMatchObject({ value: { text: 'old' }, status: { hit: true } })
    let last = 0
    while (sharedNow() - filled < 8000) {
      const { value, at } = await read('life', 'a')
      if ((value as { text: string }).text === 'old') last = at
      else break
      await sleep(5)
    }
    expect(last - filled).toBeGreaterThan(0)
    // The time of the last answer's round trip comes on top.
    expect(last - filled).toBeLessThan(lifetimes.ttl + lifetimes.staleWhileRevalidate + 300)
    expect(await read('life', 'a')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
  },
)

timed(
  'G1: an invalidation by another process, with the version of the commit, removes the old value',
  fleet,
  async () => {
    const { texts } = fleet
    const [reader, writer] = getProcesses()
    await fleet.open({ cache: 'invalidated' })
    await texts.write('b', 'old')
    await read('invalidated', 'b')
    await killAfterCommit(writer, 'invalidated', 'b', 'new')
    expect(await read('invalidated', 'b')).toMatchObject({
      value: { text: 'old' },
      version: 1,
      status: { hit: true },
    })
    expect(await reader.call('invalidate', { cache: 'invalidated', id: 'b', version: 2 })).toBe('done')
    expect(await read('invalidated', 'b')).toMatchObject({
      value: { text: 'new' },
      version: 2,
      status: { stored: true },
    })
    // Streams deliver events more than once. The second delivery spares the new entry.
    expect(await reader.call('invalidate', { cache: 'invalidated', id: 'b', version: 2 })).toBe('done')
    expect(await read('invalidated', 'b')).toMatchObject({ version: 2, status: { hit: true } })
  },
)
