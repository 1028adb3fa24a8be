import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { type Answer, type Process, startClusterFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startClusterFleet(1)
const cache = 'shards'

/** Fills ids on all shards. Returns the ids of one shard, the ids of the others, and the wire of that shard. */
async function fillShards() {
  const { cluster, open, processes, texts } = fleet
  await open({ cache })
  const ids = Array.from({ length: 24 }, (_, n) => `id${n}`)
  await Promise.all(ids.map((id) => texts.write(id, 'x')))
  const [process] = processes as [Process]
  await process.call('getMany', { cache, ids })
  const shards = await Promise.all(ids.map((id) => cluster.shardOf(`{${id}}`)))
  const [first] = shards
  if (!first) throw new Error('The cluster has no shard')
  const onShard = ids.filter((_, n) => shards[n]?.number === first.number)
  const elsewhere = ids.filter((_, n) => shards[n]?.number !== first.number)
  expect(onShard.length).toBeGreaterThan(3)
  expect(elsewhere.length).toBeGreaterThan(6)
  return { process, wire: first.wire, onShard, elsewhere }
}

/** Returns the share of hits among some answers. */
const hitRatio = (answers: Answer[]) => answers.filter(({ status }) => status.hit).length / answers.length

timed('G4: while writes go to a shard that hangs, the other shards serve their entries', fleet, async () => {
  const { process, wire, onShard, elsewhere } = await fillShards()
  await Promise.all([wire.hold('up'), wire.hold('down')])
  const watched = process.call('watch', { cache, ids: elsewhere, ms: 3000, everyMs: 10 })
  // First many removals at once, then writes one after another.
  const outcomes = await process.call('invalidateAll', { cache, ids: onShard })
  expect(outcomes).toEqual(onShard.map(() => 'deferred'))
  for (let n = 0; n < 8; n++) {
    await sleep(200)
    const id = onShard[n % onShard.length] ?? ''
    expect(await process.call('write', { cache, id, text: `newer ${n}` })).toMatchObject({
      invalidation: 'deferred',
    })
  }
  const answers = await watched
  expect(answers.length).toBeGreaterThan(100)
  expect(hitRatio(answers)).toBeGreaterThan(0.95)
})

for (const [state, fail] of Object.entries({
  dead: (wire: { close(): Promise<void> }) => wire.close(),
  hanging: (wire: { hold(direction: 'up'): Promise<void> }) => wire.hold('up'),
})) {
  timed(
    `G4: if every list has ids of a ${state} shard, the other shards serve their entries`,
    fleet,
    async () => {
      const { process, wire, onShard, elsewhere } = await fillShards()
      await fail(wire)
      const ids = [...elsewhere.slice(0, 6), ...onShard.slice(0, 2)]
      const answers = await process.call('watchMany', { cache, ids, ms: 3000, everyMs: 10 })
      expect(answers.every(({ value }) => value !== undefined)).toBe(true)
      const ofOthers = answers.filter(({ id }) => elsewhere.includes(id))
      expect(ofOthers.length).toBeGreaterThan(100)
      expect(hitRatio(ofOthers)).toBeGreaterThan(0.95)
    },
  )
}

timed(
  'G4: a shard that is back is used again within a second, even if writes to it failed meanwhile',
  fleet,
  async () => {
    const { process, wire, onShard } = await fillShards()
    await Promise.all([wire.hold('up'), wire.hold('down')])
    for (let n = 0; n < 6; n++) {
      await process.call('write', { cache, id: onShard[n % 3] ?? '', text: `new ${n}` })
      await sleep(100)
    }
    await wire.reset()
    const answers = await process.call('watch', { cache, ids: onShard, ms: 2000, everyMs: 10 })
    const [begin = 0] = answers.map(({ at }) => at)
    const late = answers.filter(({ at }) => at > begin + 1200)
    expect(late.filter(({ status }) => !status.hit && !status.stored)).toEqual([])
    for (const { id, value } of late)
      if (onShard.indexOf(id) < 3) expect((value as { text: string }).text).toMatch(/^new/)
  },
)

timed('G4: calls do not wait again and again for a shard that keeps hanging', fleet, async () => {
  const { process, wire, onShard } = await fillShards()
  await Promise.all([wire.hold('up'), wire.hold('down')])
  // Opens the breaker of the shard.
  await process.call('watch', { cache, ids: onShard, ms: 1500, everyMs: 20 })
  const answers = await process.call('watch', { cache, ids: onShard, ms: 8000, everyMs: 20 })
  const slow = answers.filter(({ took }) => took > 130)
  expect(slow.map(({ took, status }) => ({ took, status }))).toEqual([])
  expect(answers.length).toBeGreaterThan(100)
})
