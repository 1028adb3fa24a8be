/** Redis did not answer in time. */
export class CacheTimeout extends Error {
  override name = 'CacheTimeout'
  /** @param connectError why there is no connection to Redis */
  constructor(connectError?: Error) {
    super(`Redis did not answer in time${connectError ? `: ${connectError.message}` : ''}`)
  }
}

/** The longest timer that Node.js can run, in ms; a longer one fires at once. */
export const longestTimer = 2 ** 31 - 1

/**
 * Settles as the promise does, or rejects with the result of `timeout` after `ms` milliseconds. A later
 * result is dropped.
 */
export function within<T>(ms: number, promise: Promise<T>, timeout: () => Error): Promise<T> {
  if (ms > longestTimer) return promise
  return new Promise<T>((resolve, reject) => {
    // Not unref'ed: this timer alone keeps alive a process that waits for an answer, because the socket does
    // not. setImmediate: an answer that arrived while this process was busy or frozen is processed before the
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
