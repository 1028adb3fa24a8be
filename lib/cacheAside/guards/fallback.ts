import { LoadFailed } from '../errors.ts'
import { Flight, type Outcome } from '../flight.ts'

/**
 * How much memory the fallback of one client takes at most, in bytes: two for each character of a body, and
 * `overheadBytes` for each entry.
 */
const maxBytes = 16 * 2 ** 20
/** Roughly how much memory an entry takes besides its body, in bytes. */
const overheadBytes = 500

interface FallbackEntry {
  shard: string
  /** When its load began, by performance.now(). */
  begun: number
  /** The load while it is under way, then its outcome. */
  load: Flight | Outcome
  bytes: number
}

/**
 * The last loads of this process by key, for the time in which Redis is away. Identical loads collapse into
 * one, and a hot id is loaded once in `fallbackMs`. A load is added when it begins, so that its age counts
 * from there.
 */
export class Fallback {
  readonly #entries = new Map<string, FallbackEntry>()
  #bytes = 0

  /**
   * Returns the load of a key that began less than `ms` milliseconds ago and was not abandoned, or its
   * outcome, unless its value has expired.
   */
  get(key: string, ms: number): Flight | Outcome | undefined {
    const entry = this.#entries.get(key)
    if (!entry || performance.now() - entry.begun >= ms) return undefined
    const isUnusable =
      entry.load instanceof Flight ? entry.load.signal.aborted : entry.load.loaded.until <= Date.now()
    return isUnusable ? undefined : entry.load
  }

  /** Adds a load that begins now. @param ms for how long it can be served; older loads make room for it */
  add(key: string, shard: string, load: Flight, ms: number): void {
    this.#drop(key)
    const entry: FallbackEntry = { shard, begun: performance.now(), load, bytes: overheadBytes }
    this.#entries.set(key, entry)
    this.#bytes += overheadBytes
    this.#makeRoom(ms)
    load.getOutcome(key).then((outcome) => {
      if (this.#entries.get(key) !== entry) return
      if (!outcome || outcome instanceof LoadFailed) return this.#drop(key)
      // From now on, only this outcome is stored: the load also holds the values of other keys.
      entry.load = outcome
      const bytes = 2 * (outcome.loaded.body ?? '').length
      entry.bytes += bytes
      this.#bytes += bytes
      this.#makeRoom(ms)
    })
  }

  /** Drops keys after a write, because a load that began before it must not be served any more. */
  forget(keys: string[]): void {
    if (this.#entries.size > 0) for (const key of keys) this.#drop(key)
  }

  /** Drops all keys of a shard that is back. */
  clear(shard: string): void {
    for (const [key, entry] of this.#entries) if (entry.shard === shard) this.#drop(key)
  }

  /** Drops entries that are too old or over the memory limit, the oldest first. */
  #makeRoom(ms: number): void {
    const oldest = performance.now() - ms
    for (const [key, { begun }] of this.#entries) {
      if (begun > oldest && this.#bytes <= maxBytes) break
      this.#drop(key)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}
