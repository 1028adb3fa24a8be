import type { Direction, Fault } from './line.ts'
import type { NetworkEvent, NetworkMethods } from './networkProcess.ts'
import { startWorker, type Worker } from './workers.ts'

/** A line between clients and one server, see ./line.ts. */
export interface Wire {
  /** Where clients connect. */
  port: number
  url: string
  /** Ends every connection, and refuses new ones until `reset`. */
  close(): Promise<void>
  /** Ends every connection; new ones work. */
  cut(): Promise<void>
  /** The connections that are open now carry nothing any more this way; new ones work. */
  swallow(direction: Direction): Promise<void>
  /** The connections that are open now are reset by the next bytes on them. New ones work. */
  forget(): Promise<void>
  /** What goes this way waits until `release`. */
  keep(direction: Direction): Promise<void>
  release(): Promise<void>
  /**
   * Does something to the reply to the next command that matches: the server has executed it by then.
   *
   * @param command a regular expression for the command's bytes on the wire, in which a dot matches every byte
   * @param options.skip so many matching commands are let pass first
   * @returns once it is set; `sprung` resolves when it was done
   */
  trap(command: string, fault: Fault, options?: { skip?: number }): Promise<{ sprung: Promise<void> }>
  /** From now on it takes so long each way, until `reset`. */
  delay(delayMs: number): Promise<void>
  /** No fault any more, and no connection. */
  reset(): Promise<void>
}

/** A network whose lines each add a delay. It is a process of its own, and ends with the one that started it. */
export interface Network {
  /** @param delayMs each way; 0.5 is what lies between two machines of one availability zone */
  open(target: number, delayMs?: number): Promise<Wire>
  worker: Worker<NetworkMethods>
}

export async function startNetwork(): Promise<Network> {
  const sprung = new Map<number, () => void>()
  const file = new URL('./networkProcess.ts', import.meta.url)
  const worker = await startWorker<NetworkMethods, NetworkEvent>(file, undefined, ({ line }) =>
    sprung.get(line)?.(),
  )
  return {
    worker,
    async open(target, delayMs = 0.5) {
      const { line, port } = await worker.call('open', { target, delayMs })
      return {
        port,
        url: `redis://127.0.0.1:${port}`,
        close: () => worker.call('close', { line }),
        cut: () => worker.call('cut', { line }),
        swallow: (direction) => worker.call('swallow', { line, direction }),
        forget: () => worker.call('forget', { line }),
        keep: (direction) => worker.call('keep', { line, direction }),
        release: () => worker.call('release', { line }),
        async trap(command, fault, { skip = 0 } = {}) {
          const { promise, resolve } = Promise.withResolvers<void>()
          sprung.set(line, resolve)
          await worker.call('trap', { line, command, fault, skip })
          return { sprung: promise }
        },
        delay: (ms) => worker.call('delay', { line, delayMs: ms }),
        reset: () => worker.call('reset', { line }),
      }
    },
  }
}
