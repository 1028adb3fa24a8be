import type { Control } from '../../test/support/control.ts'
import type { Network } from '../../test/support/network.ts'
import { oneServer, threeServers } from '../../test/support/servers.ts'
import { startWorker, type Worker } from '../../test/support/workers.ts'
import type { Load } from './database.ts'
import type { ProcessMethods } from './process.ts'
import type { Lives } from './side.ts'

export type Process = Worker<ProcessMethods>

/** What one condition is tried on: servers behind a network, and processes that share them. All of it ends with `end`. */
export class Ground {
  readonly contender: string
  readonly #network: Network
  readonly #control: Control
  readonly #stops: (() => unknown)[] = []

  constructor(contender: string, network: Network, control: Control) {
    this.contender = contender
    this.#network = network
    this.#control = control
  }

  /** A Redis, so many ms away each way. */
  redis(delayMs: number) {
    return oneServer(this.#network, this.#ends, delayMs)
  }

  /** A cluster of three masters. */
  cluster(delayMs: number) {
    return threeServers(this.#network, this.#ends, delayMs)
  }

  /** Processes that have connected. From here on the control counts. */
  async processes(count: number, redisUrl: string, lives: Lives = {}): Promise<Process[]> {
    const file = new URL('./process.ts', import.meta.url)
    const processes = await Promise.all(
      Array.from({ length: count }, async () => {
        const process = await startWorker<ProcessMethods, never>(file, undefined)
        this.#ends(() => process.kill())
        return process
      }),
    )
    for (const process of processes) await process.call('open', { name: this.contender, redisUrl, lives })
    await this.#control.begin()
    return processes
  }

  /** The longest that a bare client had to wait meanwhile, ms. */
  longest(): Promise<number> {
    return this.#control.longest()
  }

  async end(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop()
  }

  readonly #ends = (stop: () => unknown): void => void this.#stops.push(stop)
}

/** How loads behave from now on, in every process. */
export const behave = (processes: Process[], ...[behaviour]: Parameters<ProcessMethods['behave']>) =>
  Promise.all(processes.map((each) => each.call('behave', behaviour)))

/** What all of them have loaded, in the order of time. */
export async function loadsOf(processes: Process[]): Promise<Load[]> {
  const told = await Promise.all(processes.map((each) => each.call('told')))
  return told.flatMap(({ loads }) => loads).toSorted((a, b) => a.at - b.at)
}

/** How often their caches have told of something. */
export async function toldOf(processes: Process[], event: string): Promise<number> {
  const told = await Promise.all(processes.map((each) => each.call('told')))
  return told.flatMap(({ events }) => events).filter((each) => each === event).length
}
