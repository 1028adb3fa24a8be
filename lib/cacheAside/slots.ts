import { within } from './timeLimit.ts'

/** The slots in which loads run: a bulkhead between many callers and the database. */
export class Slots {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(slots: number) {
    this.#free = slots
  }

  /**
   * Runs `load` in a slot, waiting at most `ms` milliseconds for one.
   *
   * @param refuse makes the error for when none came free in time
   */
  async run<T>(ms: number, refuse: () => Error, load: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await this.#turn(ms, refuse)
    try {
      return await load()
    } finally {
      const [next] = this.#waiting
      if (next) next()
      else this.#free++
    }
  }

  async #turn(ms: number, refuse: () => Error): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const take = () => {
      this.#waiting.delete(take)
      resolve()
    }
    this.#waiting.add(take)
    try {
      await within(ms, promise, refuse)
    } catch (error) {
      // Its turn may have come in the same moment: then the slot is handed on.
      if (!this.#waiting.delete(take)) {
        const [next] = this.#waiting
        if (next) next()
        else this.#free++
      }
      throw error
    }
  }
}
