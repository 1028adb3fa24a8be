import { startControl } from './control.ts'
import { freshTables } from './dynamodb.ts'
import { untilFileEnds } from './ends.ts'
import { startNetwork } from './network.ts'
import { oneServer, threeServers } from './servers.ts'
import { textsIn } from './texts.ts'
import type { CacheMethods, Event, Logged, Setup } from './worker.ts'
import { startWorker, type Worker } from './workers.ts'

export type { Answer, Logged } from './worker.ts'

/** A worker and what it has told so far. */
export interface Process extends Worker<CacheMethods> {
  events: Event[]
}

/** @param delayMs what the network adds each way */
type Distance = { delayMs?: number }

/**
 * Processes with a Redis and a table that only they use, and a network between them and Redis. For the top level of a
 * test file; ends with the file.
 */
export async function startFleet(count: number, { delayMs = 0.5 }: Distance = {}) {
  const { network, ends, ...ground } = await startGround()
  const redis = await oneServer(network, ends, delayMs)
  return { redis, ...(await startProcesses(count, redis, { ...ground, ends })) }
}

/** The same with a cluster of three masters, each behind a line of its own. */
export async function startClusterFleet(count: number, { delayMs = 0.5 }: Distance = {}) {
  const { network, ends, ...ground } = await startGround()
  const cluster = await threeServers(network, ends, delayMs)
  return { cluster, ...(await startProcesses(count, cluster, { ...ground, ends })) }
}

async function startGround() {
  const ends = untilFileEnds()
  const tables = await freshTables()
  const network = await startNetwork()
  ends(() => network.worker.kill())
  return { network, ends, tables, control: await startControl(network, ends) }
}

async function startProcesses(
  count: number,
  servers: { url: string; reset(): Promise<void> },
  { ends, tables, control }: Omit<Awaited<ReturnType<typeof startGround>>, 'network'>,
) {
  const { db, table, endpoint } = tables
  const setup: Setup = { redisUrl: servers.url, dynamodbEndpoint: endpoint, table }
  const start = async (): Promise<Process> => {
    const process = await startProcess(setup)
    ends(() => process.kill())
    return process
  }
  const processes: Process[] = await Promise.all(Array.from({ length: count }, start))
  const texts = textsIn(db, table)
  let resets = 0
  return {
    control,
    processes,
    texts,
    /** Opens a cache in every process, with the defaults for all but `options`. */
    open: (...[request]: Parameters<CacheMethods['open']>) =>
      Promise.all(processes.map((each) => each.call('open', request))),
    /** How loads behave from now on, in every process. */
    behave: (...[request]: Parameters<CacheMethods['behave']>) =>
      Promise.all(processes.map((each) => each.call('behave', request))),
    /** An empty Redis, no fault in the network, all processes alive and connected, and texts of their own. */
    async reset() {
      await servers.reset()
      const prefix = `${++resets}/`
      Object.assign(texts, textsIn(db, table, prefix))
      await Promise.all(
        processes.map(async (process, index) => {
          const ended = process.process.exitCode !== null || process.process.signalCode !== null
          const living = ended ? await start() : process
          living.process.kill('SIGCONT')
          processes[index] = living
          await living.call('reset', { prefix })
          living.events.length = 0
        }),
      )
    },
  }
}

/** One more process, which ends with this one at the latest. */
async function startProcess(setup: Setup): Promise<Process> {
  const events: Event[] = []
  const file = new URL('./worker.ts', import.meta.url)
  const worker = await startWorker<CacheMethods, Event>(file, setup, (event) => events.push(event))
  return { ...worker, events }
}

/** What these processes have told of one type, and of one id where events carry one. */
export const told = <T extends Event['type']>(processes: Process[], type: T, id?: string) =>
  processes
    .flatMap(({ events }) => events)
    .filter((event): event is Extract<Event, { type: T }> => event.type === type)
    .filter((event) => id === undefined || !('id' in event) || event.id === id)

/** What the caches of these processes have told, but for hits, in the order of time. */
export async function logOf(processes: Process[]): Promise<Logged[]> {
  const logs = await Promise.all(processes.map((each) => each.call('log')))
  return logs.flat().sort((one, other) => one.at - other.at)
}

/** The process that has begun a load of this id, in whichever it may be. */
export const loaderOf = (processes: Process[], id: string): Process | undefined =>
  processes.find((each) => told([each], 'load', id).length > 0)
