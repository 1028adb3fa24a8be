import type { LoadFailed } from './errors.ts'
import { within } from './guards/timeout.ts'

/** A value that was loaded from the database, as the text that is stored and served. */
export interface LoadedValue {
  /** Undefined if the id does not exist. */
  body: string | undefined
  version: number
  /** When the load began, in ms since the epoch. */
  loadedAt: number
  /** When the value expires, in ms since the epoch; infinity if it never does. */
  until: number
}

/** The outcome of one id of a load that succeeded. */
export interface Outcome {
  loaded: LoadedValue
  stored: boolean
  /** How long the stored entry is fresh, in ms. */
  freshMs: number
}

/**
 * One load of one or many ids, shared by all callers of this process that wait for it (single flight). It
 * continues until the last of them has gone, whichever caller began it.
 */
export class Flight {
  /** Its number among the loads of its cache: a load that began earlier has a lower number. */
  readonly sequence: number
  /** The tokens of the leases that it holds, by key; none if it bypasses Redis. */
  readonly tokens: ReadonlyMap<string, string>
  /** What the database returned, by key, while Redis is storing it. */
  readonly loaded = new Map<string, LoadedValue>()
  /** By key; complete when the flight has finished. */
  readonly outcomes = new Map<string, Outcome | LoadFailed>()
  readonly #abort = new AbortController()
  readonly #finished: Promise<void>
  #waiting = 0
  #isFinished = false

  /** @param run loads and fills, and releases its leases if the flight is aborted; never throws */
  constructor(sequence: number, tokens: ReadonlyMap<string, string>, run: (flight: Flight) => Promise<void>) {
    this.sequence = sequence
    this.tokens = tokens
    this.#finished = run(this).then(() => {
      this.#isFinished = true
    })
  }

  /** Aborts when no caller waits any more, or the load has failed or taken too long. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason)
  }

  /** Whether every caller that waited for it has gone. */
  get isAbandoned(): boolean {
    return this.#waiting === 0
  }

  /** Returns the outcome of a key when the flight has finished. It does not count as a caller that waits. */
  async getOutcome(key: string): Promise<Outcome | LoadFailed | undefined> {
    await this.#finished
    return this.outcomes.get(key)
  }

  /**
   * Waits for the outcome of a key; returns undefined if that takes longer than `ms` milliseconds. The last
   * caller that leaves aborts the flight and waits until its leases are released.
   */
  async wait(key: string, ms: number): Promise<Outcome | LoadFailed | undefined> {
    this.#waiting++
    try {
      await within(ms, this.#finished, timeUp)
      return this.outcomes.get(key)
    } catch {
      return undefined
    } finally {
      this.#waiting--
      if (this.#waiting === 0 && !this.#isFinished) {
        this.abort(timeUp())
        await this.#finished
      }
    }
  }
}

/** Creates the error of a call whose own time has run out. It has the name of the platform's own timeouts. */
export const timeUp = () => new DOMException("the caller's time has run out", 'TimeoutError')
