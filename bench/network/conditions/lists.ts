import { now } from '../clock.ts'
import { andFailed, type Condition } from '../condition.ts'
import { behave, type Ground, loadsOf, toldOf } from '../ground.ts'

const ids = Array.from({ length: 24 }, (_, n) => `list-${n}`)

/** Three processes read the same cold list, one 6 ms after the other; a load takes 50 ms. */
async function readList(ground: Ground) {
  const { url } = await ground.redis(0.5)
  const processes = await ground.processes(4, url)
  const readers = processes.slice(0, 3)
  await behave(processes, { loadMs: 50 })
  const at = now() + 50
  const read = await Promise.all(readers.map((each, n) => each.call('getMany', { ids, at: at + 6 * n })))
  return { readers, writer: processes[3] as (typeof processes)[0], outcomes: read.flat() }
}

export const lists: Condition[] = [
  {
    name: 'three processes read the same list of 24 cold ids 6 ms apart',
    must: '24 ids loaded, in 1 read of the database; no breaker opens',
    forLibraries: true,
    async try(ground) {
      const { readers, outcomes } = await readList(ground)
      const loads = await loadsOf(readers)
      const loaded = loads.reduce((sum, { ids }) => sum + ids.length, 0)
      const opened = await toldOf(readers, 'breaker open')
      return {
        seen: `${loaded} ids in ${loads.length} reads${opened ? `, ${opened} breakers opened` : ''}${andFailed(outcomes)}`,
        figure: loads.length,
        met: loads.length === 1 && loaded === ids.length && opened === 0,
      }
    },
  },
  {
    name: 'then another process writes one of them, done',
    must: '0 of 40 reads get the old version',
    forLibraries: true,
    async try(ground) {
      const { readers, writer } = await readList(ground)
      const id = ids[7] ?? ''
      for (const each of readers) await each.call('set', { id, version: 2 })
      const written = await writer.call('write', { id, version: 2 })
      const reads = await Promise.all(
        readers.map((each, n) => each.call('times', { ids: [id], count: n === 0 ? 14 : 13, pauseMs: 12 })),
      )
      const old = reads.flat().filter(({ version }) => version === 1).length
      return {
        seen: `${old} of ${reads.flat().length}${written === 'done' ? '' : `, ${written}`}${andFailed(reads.flat())}`,
        figure: old,
        met: old === 0,
      }
    },
  },
]
