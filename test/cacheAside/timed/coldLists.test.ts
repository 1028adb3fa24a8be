import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { cacheLog, type Process, reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(4)
const cache = 'list'
const ids = Array.from({ length: 24 }, (_, n) => `id${n}`)

/** Three processes read the same list shortly after one another, while Redis holds none of it. */
async function readColdList() {
  const readers = fleet.processes.slice(0, 3)
  await fleet.open({ cache })
  await Promise.all(ids.map((id) => fleet.texts.write(id, 'old')))
  await fleet.behave({ slowMs: 80 })
  const begin = sharedNow() + 100
  const lists = await Promise.all(
    readers.map((each, n) => each.call('getMany', { cache, ids, at: begin + 6 * n })),
  )
  return { readers, lists }
}

async function expectOneLoadMany(lists: { value: unknown }[][]) {
  for (const list of lists) expect(list.map(({ value }) => value)).toEqual(ids.map(() => ({ text: 'old' })))
  expect(reported(fleet.processes, 'load')).toEqual([])
  expect(reported(fleet.processes, 'batch')).toMatchObject([{ ids }])
  expect((await cacheLog(fleet.processes)).filter(({ type }) => type === 'breaker')).toEqual([])
}

timed(
  'G3: three processes that read the same cold list make one loadMany and no other load',
  fleet,
  async () => {
    const { lists } = await readColdList()
    await expectOneLoadMany(lists)
  },
)

timed('G3: three processes make one loadMany if Redis is two milliseconds away', fleet, async ({ redis }) => {
  await redis.wire.delay(2)
  const { lists } = await readColdList()
  await expectOneLoadMany(lists)
})

timed('G1: after a write, no process serves what it read before', fleet, async () => {
  const { readers } = await readColdList()
  const [writer] = fleet.processes.slice(3) as [Process]
  expect(await writer.call('write', { cache, id: 'id7', text: 'new' })).toMatchObject({
    invalidation: 'done',
  })
  const reads = await Promise.all(readers.map((each) => each.call('watch', { cache, ids: ['id7'], ms: 500 })))
  const stale = reads.flat().filter(({ version }) => version === 1)
  expect(stale.map(({ status }) => status)).toEqual([])
})

timed('G3: a list waits only for the ids that other lists load', fleet, async () => {
  await fleet.open({ cache })
  await Promise.all(ids.map((id) => fleet.texts.write(id, 'old')))
  await fleet.behave({ slowMs: 80 })
  const begin = sharedNow() + 100
  const lists = await Promise.all(
    fleet.processes.map((each, n) =>
      each.call('getMany', { cache, ids: ids.slice(4 * n, 4 * n + 12), at: begin + 6 * n }),
    ),
  )
  for (const { value } of lists.flat()) expect(value).toEqual({ text: 'old' })
  expect(reported(fleet.processes, 'load')).toEqual([])
  const loaded = reported(fleet.processes, 'batch').flatMap((batch) => batch.ids)
  expect(loaded.sort()).toEqual([...ids].sort())
  await sleep(20)
})

timed(
  'G3: two processes that warm ids and a third one that reads them load each id once',
  fleet,
  async () => {
    await fleet.open({ cache })
    await Promise.all(ids.map((id) => fleet.texts.write(id, 'old')))
    await fleet.behave({ slowMs: 80 })
    const [one, two, reader] = fleet.processes as [Process, Process, Process]
    const [first, second, list] = await Promise.all([
      one.call('warm', { cache, ids }),
      two.call('warm', { cache, ids }),
      reader.call('getMany', { cache, ids }),
    ])
    expect(first.failed.concat(second.failed)).toEqual([])
    expect(list.map(({ value }) => value)).toEqual(ids.map(() => ({ text: 'old' })))
    expect(reported(fleet.processes, 'load')).toEqual([])
    const loaded = reported(fleet.processes, 'batch').flatMap((batch) => batch.ids)
    expect(loaded.sort()).toEqual([...ids].sort())
  },
)
