import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { logOf, type Process, startFleet, told } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(4)
const cache = 'list'
const ids = Array.from({ length: 24 }, (_, n) => `id${n}`)

/** Three processes read the same list one shortly after the other, with nothing of it in Redis. */
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

async function expectOneBatch(lists: { value: unknown }[][]) {
  for (const list of lists) expect(list.map(({ value }) => value)).toEqual(ids.map(() => ({ text: 'old' })))
  expect(told(fleet.processes, 'load')).toEqual([])
  expect(told(fleet.processes, 'batch')).toMatchObject([{ ids }])
  expect((await logOf(fleet.processes)).filter(({ type }) => type === 'breaker')).toEqual([])
}

timed(
  'G3: three processes that read the same cold list make one batch and no single load',
  fleet,
  async () => {
    const { lists } = await readColdList()
    await expectOneBatch(lists)
  },
)

timed('G3: nor do they two milliseconds away', fleet, async ({ redis }) => {
  await redis.wire.delay(2)
  const { lists } = await readColdList()
  await expectOneBatch(lists)
})

timed('G1: what is written after they have read it is not served any more', fleet, async () => {
  const { readers } = await readColdList()
  const [writer] = fleet.processes.slice(3) as [Process]
  expect(await writer.call('write', { cache, id: 'id7', text: 'new' })).toMatchObject({
    invalidation: 'done',
  })
  const reads = await Promise.all(readers.map((each) => each.call('watch', { cache, ids: ['id7'], ms: 500 })))
  const stale = reads.flat().filter(({ version }) => version === 1)
  expect(stale.map(({ status }) => status)).toEqual([])
})

timed('G3: lists that overlap in part wait only for what others load', fleet, async () => {
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
  expect(told(fleet.processes, 'load')).toEqual([])
  const loaded = told(fleet.processes, 'batch').flatMap((batch) => batch.ids)
  expect(loaded.sort()).toEqual([...ids].sort())
  await sleep(20)
})

timed('G3: also where two processes warm what a third one reads', fleet, async () => {
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
  expect(told(fleet.processes, 'load')).toEqual([])
  const loaded = told(fleet.processes, 'batch').flatMap((batch) => batch.ids)
  expect(loaded.sort()).toEqual([...ids].sort())
})
