import type { Operation } from './history.ts'

/** From a moment on, an answer must have at least this version. */
export interface Floor {
  from: number
  version: number
  /** The operation that proves it. */
  because?: Operation
}

/** Returns the highest of all floors that have begun by a moment. */
export class Floors {
  readonly #rising: Floor[] = []

  constructor(floors: Floor[]) {
    for (const floor of floors.toSorted((a, b) => a.from - b.from)) {
      if (floor.version > (this.#rising.at(-1)?.version ?? 0)) this.#rising.push(floor)
    }
  }

  /**
   * Returns the floor of an operation that begins at `moment`; version 0 if there is none. A floor does not bind an
   * operation that begins in the same instant.
   */
  at(moment: number): Floor {
    let low = 0
    let high = this.#rising.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#rising[middle]?.from ?? 0) < moment) low = middle + 1
      else high = middle
    }
    return this.#rising[low - 1] ?? { from: 0, version: 0 }
  }
}
