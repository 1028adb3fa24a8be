import type { Control } from '../../test/support/control.ts'
import type { Network } from '../../test/support/network.ts'
import { startWiredMasters, startWiredRedis } from '../../test/support/wiredRedis.ts'
import { startWorker, type Worker } from '../../test/support/workers.ts'
import type { Behaviour, Load } from './database.ts'
import type { ProcessMethods } from './process.ts'
import type { Lifetimes } from './rowCache.ts'

export type Process = Worker<ProcessMethods>

/** The servers behind a network, and the processes that share them, for one trial. `end` ends all of them. */
export class Testbed {
  readonly contender: string
  readonly #network: Network
  readonly #control: Control
  readonly #stops: (() => unknown)[] = []

  constructor(contender: string, network: Network, control: Control) {
    this.contender = contender
    this.#network = network
    this.#control = control
  }

  /** Starts a Redis. @param delayMs the delay each way */
  redis(delayMs: number) {
    return startWiredRedis(this.#network, this.#onEnd, delayMs)
  }

  /** Starts a cluster of three masters. @param delayMs the delay each way */
  cluster(delayMs: number) {
    return startWiredMasters(this.#network, this.#onEnd, delayMs)
  }

  /** Starts processes, lets them connect, and begins to watch the bare client. */
  async processes(count: number, redisUrl: string, lifetimes: Lifetimes = {}): Promise<Process[]> {
    const file = new URL('./process.ts', import.meta.url)
    const processes = await Promise.all(
      Array.from({ length: count }, async () => {
        const process = await startWorker<ProcessMethods, never>(file, undefined)
        this.#onEnd(() => process.kill())
        return process
      }),
    )
    for (const process of processes) await process.call('open', { name: this.contender, redisUrl, lifetimes })
    await this.#control.begin()
    return processes
  }

  /** Starts a single process. */
  async process(redisUrl: string): Promise<Process> {
    const [process] = await this.processes(1, redisUrl)
    return process as Process
  }

  /** Returns the longest time that the bare client has waited since the processes connected, ms. */
  longestWait(): Promise<number> {
    return this.#control.longest()
  }

  async end(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop()
  }

  readonly #onEnd = (stop: () => unknown): void => void this.#stops.push(stop)
}

/** Sets how loads behave from now on, in every process. */
export const setBehaviour = (processes: Process[], behaviour: Behaviour) =>
  Promise.all(processes.map((each) => each.call('setBehaviour', behaviour)))

/** Returns the loads of all processes, in the order of time. */
export async function loadsOf(processes: Process[]): Promise<Load[]> {
  const reports = await Promise.all(processes.map((each) => each.call('report')))
  return reports.flatMap(({ loads }) => loads).toSorted((a, b) => a.at - b.at)
}

/** Returns how often the caches of these processes have reported an event. */
export async function countEvents(processes: Process[], event: string): Promise<number> {
  const reports = await Promise.all(processes.map((each) => each.call('report')))
  return reports.flatMap(({ events }) => events).filter((each) => each === event).length
}
