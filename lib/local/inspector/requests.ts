import type { Outcome } from './outcome.ts'

/** One request that was answered, as the inspector shows it. Durations are milliseconds. */
export interface Answered {
  /** Counts the requests; `Server-Timing: request;desc=n` tells it to who asked. */
  n: number
  method: string
  path: string
  status: number
  outcome: Outcome
  detail?: string
  /** Of the entry that stands in the cache after it. */
  version?: number
  age?: number
  /** What it has waited for cache and database; not there where it asked neither. */
  cacheMs?: number
  dbMs?: number
  /** The whole, with the emulator of API Gateway and Lambda around it. */
  ms: number
}

/** How many are kept. */
const kept = 200

/** The last requests, and those who watch them come. */
export class Requests {
  readonly #last: Answered[] = []
  readonly #watchers = new Set<(answered: Answered) => void>()
  #count = 0

  /** The number of a request that begins. */
  next(): number {
    return ++this.#count
  }

  add(answered: Answered): void {
    this.#last.push(answered)
    if (this.#last.length > kept) this.#last.shift()
    for (const watcher of this.#watchers) watcher(answered)
  }

  /** Tells of the last requests at once, then of each that comes, until what it returns is called. */
  watch(watcher: (answered: Answered) => void): () => void {
    for (const answered of this.#last) watcher(answered)
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}
