/** Redis did not answer in time. */
export class CacheTimeout extends Error {
  override name = 'CacheTimeout'
  /** @param trouble why there is no connection to it */
  constructor(trouble?: Error) {
    super(`Redis did not answer in time${trouble ? `: ${trouble.message}` : ''}`)
  }
}

/** The longest that a timer of Node can run, ms; a longer one would fire at once. */
export const longestTimer = 2 ** 31 - 1

/** The result of a promise, or what `timeout` makes after `ms` milliseconds. What comes later is dropped. */
export function within<T>(ms: number, promise: Promise<T>, timeout: () => Error): Promise<T> {
  if (ms > longestTimer) return promise
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

/**
 * What one call may still spend on waiting for one shard of Redis, in ms of its clock. Its own commands draw on it, those
 * that are under way together once; looking whether another caller has loaded does not, as long as Redis answers in time.
 */
export class CacheBudget {
  readonly #clock: () => number
  #left: number
  #underWay = 0
  #since = 0

  constructor(ms: number, clock: () => number) {
    this.#left = ms
    this.#clock = clock
  }

  /** Milliseconds; 0 when it is used up. */
  get left(): number {
    const spent = this.#underWay > 0 ? this.#clock() - this.#since : 0
    return Math.max(0, this.#left - spent)
  }

  /** A command begins to draw. */
  begin(): void {
    if (this.#underWay++ === 0) this.#since = this.#clock()
  }

  /** A command ends, which drew. */
  end(): void {
    if (--this.#underWay === 0) this.#left -= this.#clock() - this.#since
  }

  /** Draws what was not counted so far. */
  draw(ms: number): void {
    this.#left -= ms
  }
}
