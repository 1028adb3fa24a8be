import { now } from '../clock.ts'
import { type Condition, failureNote } from '../condition.ts'
import { countEvents, loadsOf, setBehaviour, type Testbed } from '../testbed.ts'

const ids = Array.from({ length: 24 }, (_, n) => `list-${n}`)

/** Lets three processes read the same cold list, each 6 ms after the one before. A load takes 50 ms. */
async function readList(testbed: Testbed) {
  const { url } = await testbed.redis(0.5)
  const processes = await testbed.processes(4, url)
  const readers = processes.slice(0, 3)
  await setBehaviour(processes, { loadMs: 50 })
  const at = now() + 50
  const read = await Promise.all(readers.map((each, n) => each.call('getMany', { ids, at: at + 6 * n })))
  return { readers, writer: processes[3] as (typeof processes)[0], outcomes: read.flat() }
}

export const lists: Condition[] = [
  {
    name: 'three processes read the same list of 24 cold ids 6 ms apart',
    must: '24 ids loaded, in 1 read of the database; no breaker opens',
    forLibraries: true,
    async run(testbed) {
      const { readers, outcomes } = await readList(testbed)
      const loads = await loadsOf(readers)
      const loaded = loads.reduce((sum, { ids }) => sum + ids.length, 0)
      const opened = await countEvents(readers, 'breaker open')
      return {
        summary: `${loaded} ids in ${loads.length} reads${opened ? `, ${opened} breakers opened` : ''}${failureNote(outcomes)}`,
        figure: loads.length,
        met: loads.length === 1 && loaded === ids.length && opened === 0,
      }
    },
  },
  {
    name: 'then another process writes one of them, done',
    must: '0 of 40 reads get the old version',
    forLibraries: true,
    async run(testbed) {
      const { readers, writer } = await readList(testbed)
      const id = ids[7] ?? ''
      for (const each of readers) await each.call('setVersion', { id, version: 2 })
      const written = await writer.call('write', { id, version: 2 })
      const reads = await Promise.all(
        readers.map((each, n) =>
          each.call('readTimes', { ids: [id], count: n === 0 ? 14 : 13, pauseMs: 12 }),
        ),
      )
      const old = reads.flat().filter(({ version }) => version === 1).length
      return {
        summary: `${old} of ${reads.flat().length}${written === 'done' ? '' : `, ${written}`}${failureNote(reads.flat())}`,
        figure: old,
        met: old === 0,
      }
    },
  },
]
