import { setTimeout as sleep } from 'node:timers/promises'
import { round } from '../../support/statistics.ts'
import { type Condition, durations, failureNote, withTrap } from '../condition.ts'
import { loadsOf, type Process, setBehaviour, type Testbed } from '../testbed.ts'

const id = 'faulty'
const list = [id, ...Array.from({ length: 23 }, (_, n) => `other-${n}`)]
/** Matches the command that takes the lease of this id, as ioredis sends it. */
const lease = `evalsha.*\\{${id}\\}`

/** How long the answer to a single caller may take, ms: its commands, its load, and some time for a busy machine. */
const promptMs = 150

const inCluster = async (testbed: Testbed) => {
  const cluster = await testbed.cluster(0.5)
  return { url: cluster.url, wire: (await cluster.shardOf(`{${id}}`)).wire }
}

/** The connection breaks after Redis has executed the command that takes a lease. The client sends the command again. */
const cutConnection = (
  where: string,
  startServer: (testbed: Testbed) => Promise<Pick<Awaited<ReturnType<typeof inCluster>>, 'url' | 'wire'>>,
): Condition => ({
  name: `the connection is cut after Redis has executed a lease, ${where}`,
  must: `an answer within ${promptMs} ms`,
  forLibraries: false,
  async run(testbed) {
    const { url, wire } = await startServer(testbed)
    const process = await testbed.process(url)
    await setBehaviour([process], { loadMs: 50 })
    const outcomes = await withTrap(wire, lease, 'cut', () => process.call('get', { id }))
    const loads = (await loadsOf([process])).length
    const ms = round(Math.max(...durations(outcomes)))
    return { summary: `${ms} ms, ${loads} loads${failureNote(outcomes)}`, figure: ms, met: ms <= promptMs }
  },
})

export const faults: Condition[] = [
  {
    name: 'the reply to the leases of a list of 24 is lost; then another process reads one of them',
    must: `an answer within ${promptMs} ms`,
    forLibraries: false,
    async run(testbed) {
      const { url, wire } = await testbed.redis(0.5)
      const [first, second] = (await testbed.processes(2, url)) as [Process, Process]
      await setBehaviour([first, second], { loadMs: 50 })
      const lost = await withTrap(wire, lease, 'lost', () => first.call('getMany', { ids: list }))
      const outcomes = await second.call('get', { id })
      const ms = round(Math.max(...durations(outcomes)))
      return { summary: `${ms} ms${failureNote([...lost, ...outcomes])}`, figure: ms, met: ms <= promptMs }
    },
  },
  cutConnection('of a single server', (testbed) => testbed.redis(0.5)),
  cutConnection('of a cluster', inCluster),
  {
    name: "the stream's event of a write comes between the lease and the fill of the read after it",
    must: 'the next read is a hit',
    forLibraries: false,
    async run(testbed) {
      const { url } = await testbed.redis(0.5)
      const [reader, other, stream] = (await testbed.processes(3, url)) as [Process, Process, Process]
      await setBehaviour([reader, other], { loadMs: 60 })
      for (const each of [reader, other]) await each.call('setVersion', { id, version: 2 })
      const read = reader.call('get', { id })
      await sleep(30)
      await stream.call('invalidate', { id, version: 2 })
      const outcomes = [...(await read), ...(await other.call('get', { id }))]
      const next = outcomes[1]?.hit ? 'a hit' : 'a miss'
      const loads = (await loadsOf([reader, other])).length
      return {
        summary: `${next}${failureNote(outcomes)}`,
        figure: loads,
        met: loads === 1 && outcomes[1]?.hit === true,
      }
    },
  },
]
