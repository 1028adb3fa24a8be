/** Redis did not answer in time. */
export class CacheTimeout extends Error {
  override name = 'CacheTimeout'
  constructor() {
    super('Redis did not answer in time')
  }
}

/** The result of a promise, or what `timeout` makes after `ms` milliseconds. What comes later is dropped. */
export function within<T>(ms: number, promise: Promise<T>, timeout: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // Not unref'ed: this timer alone keeps a process alive that waits for an answer, since the socket does not.
    // An answer may have come while this process was busy or frozen: it is taken up before the time-out is.
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

/** What one call may still spend on waiting for Redis, over all of its commands. */
export class RedisBudget {
  #left: number

  constructor(ms: number) {
    this.#left = ms
  }

  /** @throws {CacheTimeout} when the budget is used up */
  async spend<T>(command: Promise<T>): Promise<T> {
    const start = performance.now()
    try {
      return await within(this.#left, command, () => new CacheTimeout())
    } finally {
      this.#left -= performance.now() - start
    }
  }
}
