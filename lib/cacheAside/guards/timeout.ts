import { processTime, startClock, stopClock } from './processClock.ts'

/** Redis did not reply in time. */
export class CacheTimeout extends Error {
  override name = 'CacheTimeout'
  /** @param connectError why there is no connection to Redis */
  constructor(connectError?: Error) {
    super(`Redis did not reply in time${connectError ? `: ${connectError.message}` : ''}`)
  }
}

/** The longest timer that Node.js can run, in ms; a longer one fires at once. */
export const longestTimer = 2 ** 31 - 1

/**
 * Settles as `promise` does, or rejects with the result of `timeout` after `ms` milliseconds. A later result
 * is dropped.
 */
export function within<T>(ms: number, promise: Promise<T>, timeout: () => Error): Promise<T> {
  if (ms > longestTimer) return promise
  return new Promise<T>((resolve, reject) => {
    // Not unref'ed: this timer alone keeps alive a process that waits for a reply, because the socket does
    // not. setImmediate: a reply that arrived while this process was busy or frozen is processed before the
    // timeout.
    const timer = setTimeout(() => setImmediate(() => reject(timeout())), Math.max(0, ms))
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** The server that has to reply. */
interface Replier {
  /** A clock in ms that runs only while the server could have replied. */
  clock: () => number
  /** Why the last attempt to connect to it failed. */
  connectError?: Error | undefined
}

const anyServer: Replier = { clock: processTime }

/**
 * Settles as `promise` does, but rejects if Redis does not reply within `ms`. A later reply is dropped.
 *
 * @param ms by the clock of the server that has to reply
 * @param deadline when the caller stops waiting in any case, by performance.now()
 * @throws {CacheTimeout} if no reply came in time
 */
export function replyWithin<T>(
  ms: number,
  promise: Promise<T>,
  from: Replier = anyServer,
  deadline = Number.POSITIVE_INFINITY,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    startClock()
    const end = from.clock() + ms
    let timer: NodeJS.Timeout
    const checkTime = (): void => {
      const left = Math.min(end - from.clock(), deadline - performance.now())
      if (left > 0.5) timer = setTimeout(checkTime, left)
      // A reply may already be in the socket: setImmediate processes it before the timeout.
      else setImmediate(() => finish(() => reject(new CacheTimeout(from.connectError))))
    }
    let isFinished = false
    const finish = (settle: () => void): void => {
      if (isFinished) return
      isFinished = true
      stopClock()
      clearTimeout(timer)
      settle()
    }
    timer = setTimeout(checkTime, Math.max(0, Math.min(ms, deadline - performance.now())))
    promise.then(
      (value) => finish(() => resolve(value)),
      (error) => finish(() => reject(error)),
    )
  })
}
