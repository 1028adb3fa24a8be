import { LoadFailed } from '../errors.ts'
import { Flight, type Landed } from '../flight.ts'

/** The most that the bodies of one client's fallback take, bytes, about: two for each character. */
const memory = 16 * 2 ** 20
/** What an entry takes beside its body, bytes, about. */
const overhead = 500

interface Kept {
  shard: string
  begun: number
  /** What was loaded; the load itself while it is under way. */
  load: Flight | Landed
  bytes: number
}

/**
 * What this process has loaded last, by key, for while Redis is away: identical loads collapse into one, and an id that
 * many ask for is loaded once in `fallbackMs`. Holds loads from their begin on, so that age counts from there.
 */
export class Fallback {
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  /** The load of a key that began less than `ms` milliseconds ago, and was not given up; or what it has brought, unless that has ended. */
  get(key: string, ms: number): Flight | Landed | undefined {
    const kept = this.#kept.get(key)
    if (!kept || performance.now() - kept.begun >= ms) return undefined
    const isOver =
      kept.load instanceof Flight ? kept.load.signal.aborted : kept.load.fresh.until <= Date.now()
    return isOver ? undefined : kept.load
  }

  /** @param ms for how long it may be served; older ones make room */
  keep(key: string, shard: string, load: Flight, ms: number): void {
    this.#drop(key)
    const kept: Kept = { shard, begun: performance.now(), load, bytes: overhead }
    this.#kept.set(key, kept)
    this.#bytes += overhead
    this.#makeRoom(ms)
    load.done(key).then((landed) => {
      if (this.#kept.get(key) !== kept) return
      if (!landed || landed instanceof LoadFailed) return this.#drop(key)
      // Not the load, which holds what it has brought of other keys, too.
      kept.load = landed
      const bytes = 2 * (landed.fresh.body ?? '').length
      kept.bytes += bytes
      this.#bytes += bytes
      this.#makeRoom(ms)
    })
  }

  /** After a write: what was loaded before it is not to be served. */
  forget(keys: string[]): void {
    if (this.#kept.size > 0) for (const key of keys) this.#drop(key)
  }

  /** A shard is back. */
  clear(shard: string): void {
    for (const [key, kept] of this.#kept) if (kept.shard === shard) this.#drop(key)
  }

  /** Begins at the oldest, which were kept first. */
  #makeRoom(ms: number): void {
    const tooOld = performance.now() - ms
    for (const [key, { begun }] of this.#kept) {
      if (begun > tooOld && this.#bytes <= memory) break
      this.#drop(key)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0
    this.#kept.delete(key)
  }
}
