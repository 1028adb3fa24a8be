import { setTimeout as sleep } from 'node:timers/promises'
import { round } from '../../cacheAside/measured.ts'
import { andFailed, type Condition, times, withTrap } from '../condition.ts'
import { behave, type Ground, loadsOf, type Process } from '../ground.ts'

const id = 'faulty'
const list = [id, ...Array.from({ length: 23 }, (_, n) => `beside-${n}`)]
/** A lease of this id, as ioredis puts it on the wire. */
const lease = `evalsha.*\\{${id}\\}`

/** What a command of a caller's own costs, its load included, and a busy machine, ms. */
const promptMs = 150

const inCluster = async (ground: Ground) => {
  const cluster = await ground.cluster(0.5)
  return { url: cluster.url, wire: (await cluster.shardOf(`{${id}}`)).wire }
}

/** The connection goes down after Redis has executed a lease, and the client sends it again. */
const cut = (
  where: string,
  serve: (ground: Ground) => Promise<Pick<Awaited<ReturnType<typeof inCluster>>, 'url' | 'wire'>>,
): Condition => ({
  name: `the connection is cut after Redis has executed a lease, ${where}`,
  must: `an answer within ${promptMs} ms`,
  forLibraries: false,
  async try(ground) {
    const { url, wire } = await serve(ground)
    const [process] = (await ground.processes(1, url)) as [Process]
    await behave([process], { loadMs: 50 })
    const outcomes = await withTrap(wire, lease, 'cut', () => process.call('get', { id }))
    const loads = (await loadsOf([process])).length
    const ms = round(Math.max(...times(outcomes)))
    return { seen: `${ms} ms, ${loads} loads${andFailed(outcomes)}`, figure: ms, met: ms <= promptMs }
  },
})

export const faults: Condition[] = [
  {
    name: 'the reply to the leases of a list of 24 is lost; then another process reads one of them',
    must: `an answer within ${promptMs} ms`,
    forLibraries: false,
    async try(ground) {
      const { url, wire } = await ground.redis(0.5)
      const [first, second] = (await ground.processes(2, url)) as [Process, Process]
      await behave([first, second], { loadMs: 50 })
      const lost = await withTrap(wire, lease, 'lost', () => first.call('getMany', { ids: list }))
      const outcomes = await second.call('get', { id })
      const ms = round(Math.max(...times(outcomes)))
      return { seen: `${ms} ms${andFailed([...lost, ...outcomes])}`, figure: ms, met: ms <= promptMs }
    },
  },
  cut('of a single server', (ground) => ground.redis(0.5)),
  cut('of a cluster', inCluster),
  {
    name: "the stream's event of a write comes between the lease and the fill of the read after it",
    must: 'the next read is a hit',
    forLibraries: false,
    async try(ground) {
      const { url } = await ground.redis(0.5)
      const [reader, other, stream] = (await ground.processes(3, url)) as [Process, Process, Process]
      await behave([reader, other], { loadMs: 60 })
      for (const each of [reader, other]) await each.call('set', { id, version: 2 })
      const read = reader.call('get', { id })
      await sleep(30)
      await stream.call('invalidate', { id, version: 2 })
      const outcomes = [...(await read), ...(await other.call('get', { id }))]
      const next = outcomes[1]?.hit ? 'a hit' : 'a miss'
      const loads = (await loadsOf([reader, other])).length
      return {
        seen: `${next}${andFailed(outcomes)}`,
        figure: loads,
        met: loads === 1 && outcomes[1]?.hit === true,
      }
    },
  },
]
