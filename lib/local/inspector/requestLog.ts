import type { Outcome } from './responseHeaders.ts'

/** An answered request as the inspector shows it. Durations and ages are in milliseconds. */
export interface RequestRecord {
  /** The number of the request. The response carries it as `Server-Timing: request;desc=n`. */
  n: number
  method: string
  path: string
  status: number
  outcome: Outcome
  detail?: string
  /** The version and the age of the entry in the cache after the request. */
  version?: number
  age?: number
  /** How long the request waited for the cache and for the database. Absent if it asked neither. */
  cacheMs?: number
  dbMs?: number
  /** The total duration, with the emulator of API Gateway and Lambda. */
  ms: number
}

const mostRecords = 200

/** The last {@link mostRecords} requests, and the watchers that receive new ones. */
export class RequestLog {
  readonly #records: RequestRecord[] = []
  readonly #watchers = new Set<(request: RequestRecord) => void>()
  #count = 0

  /** Returns the number for a new request. */
  nextNumber(): number {
    return ++this.#count
  }

  add(request: RequestRecord): void {
    this.#records.push(request)
    if (this.#records.length > mostRecords) this.#records.shift()
    for (const watcher of this.#watchers) watcher(request)
  }

  /** Forgets the recorded requests. Their numbers are not used again. */
  clear(): void {
    this.#records.length = 0
  }

  /** Passes the last requests to the watcher at once, and each new one until the returned function is called. */
  watch(watcher: (request: RequestRecord) => void): () => void {
    for (const request of this.#records) watcher(request)
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}
