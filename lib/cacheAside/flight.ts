import type { LoadFailed } from './errors.ts'
import { within } from './guards/budget.ts'

/** A value as the database gave it: the text that is stored and served. */
export interface Fresh {
  /** Undefined where the id does not exist. */
  body: string | undefined
  version: number
  /** When the load began, ms since the epoch. */
  loadedAt: number
  /** When the value ends, ms since the epoch; infinity where it does not. */
  until: number
}

/** What became of one id of a load. */
export interface Landed {
  fresh: Fresh
  stored: boolean
  /** For how long it is fresh where it is stored, ms. */
  freshMs: number
}

/**
 * One load of one or many ids, on behalf of all callers of this process who wait for it. It goes on until the last of
 * them has gone, whoever began it.
 */
export class Flight {
  /** Its place among the loads and reads of its cache: what began before has a lower number. */
  readonly begun: number
  /** The leases that it holds, by key; none where it goes past Redis. */
  readonly tokens: ReadonlyMap<string, string>
  /** What the database has said, by key, while it is being stored. */
  readonly loaded = new Map<string, Fresh>()
  /** By key; complete when it has landed. */
  readonly outcomes = new Map<string, Landed | LoadFailed>()
  readonly #abort = new AbortController()
  readonly #landed: Promise<void>
  #waiting = 0
  #over = false

  /** @param run loads, fills, and gives its leases back where it is aborted; never throws */
  constructor(begun: number, tokens: ReadonlyMap<string, string>, run: (flight: Flight) => Promise<void>) {
    this.begun = begun
    this.tokens = tokens
    this.#landed = run(this).then(() => {
      this.#over = true
    })
  }

  /** Aborts when nobody waits any more, or the load has taken too long. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason)
  }

  /** Whether all who waited for it have gone. */
  get isAbandoned(): boolean {
    return this.#waiting === 0
  }

  /** What became of a key, when it has landed. */
  async done(key: string): Promise<Landed | LoadFailed | undefined> {
    await this.#landed
    return this.outcomes.get(key)
  }

  /**
   * What became of a key, when it has landed; undefined where that takes longer than `ms` milliseconds. The last who
   * leaves it waits until it has cleared up.
   */
  async wait(key: string, ms: number): Promise<Landed | LoadFailed | undefined> {
    this.#waiting++
    try {
      await within(ms, this.#landed, timeUp)
      return this.outcomes.get(key)
    } catch {
      return undefined
    } finally {
      this.#waiting--
      if (this.#waiting === 0 && !this.#over) {
        this.abort(timeUp())
        await this.#landed
      }
    }
  }
}

/** Named as the platform names its own time-outs. */
export const timeUp = () => new DOMException('the time of the call is over', 'TimeoutError')
