import { within } from './budget.ts'

/** Permits for loads: a bulkhead between many callers and the database. */
export class Semaphore {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(permits: number) {
    this.#free = permits
  }

  /** Takes what is free of `wanted` permits; none where others wait for theirs. @returns how many */
  take(wanted: number): number {
    const taken = this.#waiting.size > 0 ? 0 : Math.min(this.#free, wanted)
    this.#free -= taken
    return taken
  }

  /** Waits for one permit, at most `ms` milliseconds. @returns whether it has come */
  async wait(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const turn = () => {
      this.#waiting.delete(turn)
      resolve()
    }
    this.#waiting.add(turn)
    try {
      await within(ms, promise, () => new Error('No permit came free'))
      return true
    } catch {
      // Its turn may have come in the same moment.
      return !this.#waiting.delete(turn)
    }
  }

  /** Gives permits back: to those who wait, in their order. */
  release(permits: number): void {
    for (let left = permits; left > 0; left--) {
      const [next] = this.#waiting
      if (next) next()
      else this.#free++
    }
  }
}
