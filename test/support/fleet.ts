import type { CacheMethods, Event, Logged, Setup } from './cacheProcess.ts'
import { startControl } from './control.ts'
import { freshTables } from './dynamodb.ts'
import { fileCleanup } from './fileCleanup.ts'
import { startNetwork } from './network.ts'
import { textsIn } from './texts.ts'
import { startWiredMasters, startWiredRedis } from './wiredRedis.ts'
import { startWorker, type Worker } from './workers.ts'

export type { Answer, Logged } from './cacheProcess.ts'

/** A worker with the events that it has sent so far. */
export interface Process extends Worker<CacheMethods> {
  events: Event[]
}

/** The delay that the network adds in each direction, ms. */
type Distance = { delayMs?: number }

/**
 * Starts processes with their own Redis and their own table, and a network between them and the Redis. Call it at the top
 * level of a test file. Everything stops after the file.
 */
export async function startFleet(count: number, { delayMs = 0.5 }: Distance = {}) {
  const { network, ...backend } = await startBackend()
  const redis = await startWiredRedis(network, backend.afterFile, delayMs)
  return { redis, ...(await startProcesses(count, redis, backend)) }
}

/** Starts the same with a cluster of three masters, each behind its own wire. */
export async function startClusterFleet(count: number, { delayMs = 0.5 }: Distance = {}) {
  const { network, ...backend } = await startBackend()
  const cluster = await startWiredMasters(network, backend.afterFile, delayMs)
  return { cluster, ...(await startProcesses(count, cluster, backend)) }
}

async function startBackend() {
  const afterFile = fileCleanup()
  const tables = await freshTables()
  const network = await startNetwork()
  afterFile(() => network.worker.kill())
  return { network, afterFile, tables, control: await startControl(network, afterFile) }
}

async function startProcesses(
  count: number,
  servers: { url: string; reset(): Promise<void> },
  { afterFile, tables, control }: Omit<Awaited<ReturnType<typeof startBackend>>, 'network'>,
) {
  const { db, table, endpoint } = tables
  const setup: Setup = { redisUrl: servers.url, dynamodbEndpoint: endpoint, table }
  const start = async (): Promise<Process> => {
    const process = await startProcess(setup)
    afterFile(() => process.kill())
    return process
  }
  const processes: Process[] = await Promise.all(Array.from({ length: count }, start))
  const texts = textsIn(db, table)
  let resets = 0
  return {
    control,
    processes,
    texts,
    /** Opens a cache in every process. `options` override the defaults. */
    open: (...[request]: Parameters<CacheMethods['open']>) =>
      Promise.all(processes.map((each) => each.call('open', request))),
    /** Sets the behaviour of loads in every process. */
    behave: (...[request]: Parameters<CacheMethods['behave']>) =>
      Promise.all(processes.map((each) => each.call('behave', request))),
    /** Empties the Redis, removes network faults, restarts dead processes, connects all, and starts with new texts. */
    async reset() {
      await servers.reset()
      const prefix = `${++resets}/`
      Object.assign(texts, textsIn(db, table, prefix))
      await Promise.all(
        processes.map(async (process, index) => {
          const ended = process.process.exitCode !== null || process.process.signalCode !== null
          const running = ended ? await start() : process
          running.process.kill('SIGCONT')
          processes[index] = running
          await running.call('reset', { prefix })
          running.events.length = 0
        }),
      )
    },
  }
}

/** Starts a process. It ends with this one at the latest. */
async function startProcess(setup: Setup): Promise<Process> {
  const events: Event[] = []
  const file = new URL('./cacheProcess.ts', import.meta.url)
  const worker = await startWorker<CacheMethods, Event>(file, setup, (event) => events.push(event))
  return { ...worker, events }
}

/** Returns the processes' events of one type. For events with an id, it can select one id. */
export const reported = <T extends Event['type']>(processes: Process[], type: T, id?: string) =>
  processes
    .flatMap(({ events }) => events)
    .filter((event): event is Extract<Event, { type: T }> => event.type === type)
    .filter((event) => id === undefined || !('id' in event) || event.id === id)

/** Returns the cache events of these processes except hits, ordered by time. */
export async function cacheLog(processes: Process[]): Promise<Logged[]> {
  const logs = await Promise.all(processes.map((each) => each.call('log')))
  return logs.flat().sort((one, other) => one.at - other.at)
}

/** Returns the process that has read this id in a load. */
export const findLoader = (processes: Process[], id: string): Process | undefined =>
  processes.find((each) => reported([each], 'load', id).length > 0)
