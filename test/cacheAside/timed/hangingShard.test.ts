import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { type Answer, type Process, startClusterFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startClusterFleet(1)
const cache = 'shards'

/** Ids that are stored, those of one shard and those of the other two, and the way to that one. */
async function storedIds() {
  const { cluster, open, processes, texts } = fleet
  await open({ cache })
  const ids = Array.from({ length: 24 }, (_, n) => `id${n}`)
  await Promise.all(ids.map((id) => texts.write(id, 'x')))
  const [process] = processes as [Process]
  await process.call('getMany', { cache, ids })
  const shards = await Promise.all(ids.map((id) => cluster.shardOf(`{${id}}`)))
  const [first] = shards
  if (!first) throw new Error('There is no shard')
  const there = ids.filter((_, n) => shards[n]?.number === first.number)
  const elsewhere = ids.filter((_, n) => shards[n]?.number !== first.number)
  expect(there.length).toBeGreaterThan(3)
  expect(elsewhere.length).toBeGreaterThan(6)
  return { process, wire: first.wire, there, elsewhere }
}

/** The share of these answers that are hits. */
const hits = (answers: Answer[]) => answers.filter(({ status }) => status.hit).length / answers.length

timed(
  'G4: while a shard that hangs is written to, what the others hold is served from them',
  fleet,
  async () => {
    const { process, wire, there, elsewhere } = await storedIds()
    await Promise.all([wire.keep('up'), wire.keep('down')])
    const watched = process.call('watch', { cache, ids: elsewhere, ms: 3000, everyMs: 10 })
    // Some that are written at once, and then one after another.
    const outcomes = await process.call('invalidateAll', { cache, ids: there })
    expect(outcomes).toEqual(there.map(() => 'deferred'))
    for (let n = 0; n < 8; n++) {
      await sleep(200)
      const id = there[n % there.length] ?? ''
      expect(await process.call('write', { cache, id, text: `newer ${n}` })).toMatchObject({
        invalidation: 'deferred',
      })
    }
    const answers = await watched
    expect(answers.length).toBeGreaterThan(100)
    expect(hits(answers)).toBeGreaterThan(0.95)
  },
)

for (const [what, fail] of Object.entries({
  dead: (wire: { close(): Promise<void> }) => wire.close(),
  hanging: (wire: { keep(direction: 'up'): Promise<void> }) => wire.keep('up'),
})) {
  timed(
    `G4: with a ${what} shard in every list, what the others hold is served from them`,
    fleet,
    async () => {
      const { process, wire, there, elsewhere } = await storedIds()
      await fail(wire)
      const ids = [...elsewhere.slice(0, 6), ...there.slice(0, 2)]
      const answers = await process.call('watchMany', { cache, ids, ms: 3000, everyMs: 10 })
      expect(answers.every(({ value }) => value !== undefined)).toBe(true)
      const living = answers.filter(({ id }) => elsewhere.includes(id))
      expect(living.length).toBeGreaterThan(100)
      expect(hits(living)).toBeGreaterThan(0.95)
    },
  )
}

timed(
  'G4: a shard that is back is used again within a second, though it was written to all the while',
  fleet,
  async () => {
    const { process, wire, there } = await storedIds()
    await Promise.all([wire.keep('up'), wire.keep('down')])
    for (let n = 0; n < 6; n++) {
      await process.call('write', { cache, id: there[n % 3] ?? '', text: `new ${n}` })
      await sleep(100)
    }
    await wire.reset()
    const answers = await process.call('watch', { cache, ids: there, ms: 2000, everyMs: 10 })
    const [begin = 0] = answers.map(({ at }) => at)
    const late = answers.filter(({ at }) => at > begin + 1200)
    expect(late.filter(({ status }) => !status.hit && !status.stored)).toEqual([])
    for (const { id, value } of late)
      if (there.indexOf(id) < 3) expect((value as { text: string }).text).toMatch(/^new/)
  },
)

timed('G4: a shard that hangs on is not waited for again and again', fleet, async () => {
  const { process, wire, there } = await storedIds()
  await Promise.all([wire.keep('up'), wire.keep('down')])
  // Until its breaker is open.
  await process.call('watch', { cache, ids: there, ms: 1500, everyMs: 20 })
  const answers = await process.call('watch', { cache, ids: there, ms: 8000, everyMs: 20 })
  const slow = answers.filter(({ took }) => took > 130)
  expect(slow.map(({ took, status }) => ({ took, status }))).toEqual([])
  expect(answers.length).toBeGreaterThan(100)
})
