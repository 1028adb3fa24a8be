import type { Direction, Fault } from './delayProxy.ts'
import type { NetworkEvent, NetworkMethods } from './networkProcess.ts'
import { startWorker, type Worker } from './workers.ts'

/** A connection path from clients to one server, through a proxy of ./delayProxy.ts. */
export interface Wire {
  /** The port that clients connect to. */
  port: number
  url: string
  /** Ends every connection and refuses new ones until `reset`. */
  close(): Promise<void>
  /** Ends every connection. New ones work. */
  cut(): Promise<void>
  /** Silently drops everything in this direction on the connections that are open now. New ones work. */
  swallow(direction: Direction): Promise<void>
  /** Resets each connection that is open now when its next bytes arrive. New ones work. */
  forget(): Promise<void>
  /** Holds everything in this direction until `release`. */
  hold(direction: Direction): Promise<void>
  release(): Promise<void>
  /**
   * Applies a fault to the reply to the next command that matches, after the server has executed the command.
   *
   * @param command a regular expression for the bytes of the command, in which a dot matches every byte
   * @param options.skip how many matching commands pass first
   * @returns when the trap is set; `sprung` resolves when the fault has been applied
   */
  trap(command: string, fault: Fault, options?: { skip?: number }): Promise<{ sprung: Promise<void> }>
  /** Sets the delay in each direction, ms, until `reset`. */
  delay(delayMs: number): Promise<void>
  /** Removes every fault, ends every connection, and restores the delay. */
  reset(): Promise<void>
}

/** A network of wires that each add a delay. It is its own process, and ends with the process that started it. */
export interface Network {
  /** @param delayMs in each direction; 0.5 is the distance between two machines of one availability zone */
  open(target: number, delayMs?: number): Promise<Wire>
  worker: Worker<NetworkMethods>
}

export async function startNetwork(): Promise<Network> {
  const sprung = new Map<number, () => void>()
  const file = new URL('./networkProcess.ts', import.meta.url)
  const worker = await startWorker<NetworkMethods, NetworkEvent>(file, undefined, ({ proxy }) =>
    sprung.get(proxy)?.(),
  )
  return {
    worker,
    async open(target, delayMs = 0.5) {
      const { proxy, port } = await worker.call('open', { target, delayMs })
      return {
        port,
        url: `redis://127.0.0.1:${port}`,
        close: () => worker.call('close', { proxy }),
        cut: () => worker.call('cut', { proxy }),
        swallow: (direction) => worker.call('swallow', { proxy, direction }),
        forget: () => worker.call('forget', { proxy }),
        hold: (direction) => worker.call('hold', { proxy, direction }),
        release: () => worker.call('release', { proxy }),
        async trap(command, fault, { skip = 0 } = {}) {
          const { promise, resolve } = Promise.withResolvers<void>()
          sprung.set(proxy, resolve)
          await worker.call('trap', { proxy, command, fault, skip })
          return { sprung: promise }
        },
        delay: (ms) => worker.call('delay', { proxy, delayMs: ms }),
        reset: () => worker.call('reset', { proxy }),
      }
    },
  }
}
