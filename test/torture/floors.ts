import type { Operation } from './history.ts'

/** From a moment on, nothing below a version is right any more. */
export interface Floor {
  from: number
  version: number
  because?: Operation
}

/** The highest of all floors that have begun by a moment. */
export class Floors {
  readonly #rising: Floor[] = []

  constructor(floors: Floor[]) {
    for (const floor of floors.toSorted((a, b) => a.from - b.from)) {
      if (floor.version > (this.#rising.at(-1)?.version ?? 0)) this.#rising.push(floor)
    }
  }

  /** The floor of what begins at `moment`; version 0 where there is none. What begins in the same instant is not bound. */
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
