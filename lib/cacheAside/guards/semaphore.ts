import { within } from './timeout.ts'

/** A semaphore for loads: a bulkhead between many callers and the database. */
export class Semaphore {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(permits: number) {
    this.#free = permits
  }

  /**
   * Takes up to `wanted` free permits; none if other callers already wait for theirs.
   *
   * @returns how many it took
   */
  take(wanted: number): number {
    const taken = this.#waiting.size > 0 ? 0 : Math.min(this.#free, wanted)
    this.#free -= taken
    return taken
  }

  /** Waits for one permit, for at most `ms` milliseconds. @returns whether it got the permit */
  async wait(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const grant = () => {
      this.#waiting.delete(grant)
      resolve()
    }
    this.#waiting.add(grant)
    try {
      await within(ms, promise, () => new Error('No permit became free in time'))
      return true
    } catch {
      // The permit may have been granted at the same moment.
      return !this.#waiting.delete(grant)
    }
  }

  /** Gives permits back: first to the callers that wait, in their order. */
  release(permits: number): void {
    for (let left = permits; left > 0; left--) {
      const [next] = this.#waiting
      if (next) next()
      else this.#free++
    }
  }
}
