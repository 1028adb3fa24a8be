import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sharedNow } from './support/clock.ts'
import { type Process, startFleet, told } from './support/fleet.ts'

const { processes, texts, open } = await startFleet(3)
const [reader, first, second] = processes as [Process, Process, Process]

/** Has `writer` commit a text and killed before it removes what Redis holds. */
async function killAfterCommit(writer: Process, cache: string, id: string, text: string) {
  const write = writer.call('write', { cache, id, text, hang: true })
  write.catch(() => {})
  await expect.poll(() => told([writer], 'committed').length, { interval: 5, timeout: 10_000 }).toBe(1)
  await writer.kill()
  await expect(write).rejects.toThrow('SIGKILL')
}

const life = { ttl: 2500, staleWhileRevalidate: 500 }
await open({ cache: 'life', options: life })
await open({ cache: 'told', options: { ttl: 60_000 } })

const read = async (cache: string, id: string) => {
  const [answer] = await reader.call('get', { cache, id })
  if (!answer) throw new Error('no answer')
  return answer
}

test('a writer killed between commit and removal leaves the old value for the life of the entry at most', async () => {
  await texts.write('a', 'old')
  await read('life', 'a')
  const filled = sharedNow()
  await killAfterCommit(first, 'life', 'a', 'new')
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
})

test('the version of the commit, delivered by another process, ends that life', async () => {
  await texts.write('b', 'old')
  await read('told', 'b')
  await killAfterCommit(second, 'told', 'b', 'new')
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
