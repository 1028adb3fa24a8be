import type { Fresh } from './load.ts'

/** The most ids that a process keeps. */
const memory = 1_000

/**
 * What this process has loaded last, by key, for while Redis is away: identical loads collapse into one, and an id that
 * many ask for is loaded once in `fallbackMs`. Holds loads from their begin on, so that age counts from there.
 */
export class Fallback {
  readonly #loads = new Map<string, { begun: number; load: Promise<Fresh<unknown>> }>()

  /** The load of a key that began less than `ms` milliseconds ago. */
  get(key: string, ms: number): Promise<Fresh<unknown>> | undefined {
    const kept = this.#loads.get(key)
    return kept && performance.now() - kept.begun < ms ? kept.load : undefined
  }

  keep(key: string, load: Promise<Fresh<unknown>>): void {
    const kept = { begun: performance.now(), load }
    this.#loads.delete(key)
    this.#loads.set(key, kept)
    const [oldest] = this.#loads.keys()
    if (this.#loads.size > memory && oldest !== undefined) this.#loads.delete(oldest)
    load.catch(() => this.#loads.get(key) === kept && this.#loads.delete(key))
  }

  /** After a write: what was loaded before it is not to be served. */
  forget(keys: string[]): void {
    for (const key of keys) this.#loads.delete(key)
  }
}
