import { AsyncLocalStorage } from 'node:async_hooks'

/** The counters of a request. One read unit is a strongly consistent read of up to 4 KiB. */
export const counters = [
  'hits',
  'misses',
  'staleServed',
  'collapsed',
  'leaseWaitMs',
  'failOpensRedisTimeout',
  'failOpensRedisError',
  'failOpensRedisAway',
  'failOpensWaitTimeout',
  'fallbacks',
  'overloaded',
  'deferredInvalidations',
  'forgottenRemovals',
  'loadFailures',
  'unreadableItems',
  'databaseReads',
  'readUnits',
  'readUnitsSaved',
] as const

/** The CloudWatch namespace of the metrics. Each stage has its own, because an account may hold several stages. */
export const metricsNamespace = process.env.METRICS_NAMESPACE || 'Aisle'

export type Counter = (typeof counters)[number]

/** How long a request has waited for the cache and for the database, in ms; undefined for one that it did not use. */
export interface WaitTimes {
  /** Without the time in which it also waited for the database. */
  cache: number | undefined
  db: number | undefined
}

/** Counts what one request costs, and measures what it waits for. */
export class RequestMetrics {
  /**
   * The counters that are not zero, in the order in which they were first counted. `amounts` has the value at the
   * same index.
   */
  readonly counters: Counter[] = []
  readonly amounts: number[] = []
  /** At most five different errors, which the request may have survived. */
  warnings: string[] | undefined
  /** The last change of Redis' circuit breaker during the request. */
  breaker: 'open' | 'closed' | undefined
  #cacheMs: number | undefined
  #dbMs: number | undefined
  /** Calls that have not returned yet. */
  #cacheCalls = 0
  #dbCalls = 0
  /** When the wait times were last updated, by performance.now(). */
  #since = 0

  add(counter: Counter, amount = 1): void {
    const at = this.counters.indexOf(counter)
    if (at === -1) {
      this.counters.push(counter)
      this.amounts.push(amount)
    } else this.amounts[at] = (this.amounts[at] ?? 0) + amount
  }

  warn(message: string): void {
    this.warnings ??= []
    if (this.warnings.length < 5 && !this.warnings.includes(message)) this.warnings.push(message)
  }

  /** Marks the start of a call to the cache, which may query the database. */
  enterCache(): void {
    this.#addElapsed(performance.now())
    this.#cacheMs ??= 0
    this.#cacheCalls++
  }

  leaveCache(): void {
    this.#addElapsed(performance.now())
    this.#cacheCalls--
  }

  /** Marks the start of a database command. */
  enterDb(): void {
    this.#addElapsed(performance.now())
    this.#dbMs ??= 0
    this.#dbCalls++
  }

  leaveDb(): void {
    this.#addElapsed(performance.now())
    this.#dbCalls--
  }

  /** @param now by performance.now() */
  waitTimes(now: number): WaitTimes {
    this.#addElapsed(now)
    return { cache: this.#cacheMs, db: this.#dbMs }
  }

  /** Adds the time since the last update to the database if a command is running, or else to the cache. */
  #addElapsed(now: number): void {
    if (this.#dbCalls > 0) this.#dbMs = (this.#dbMs ?? 0) + now - this.#since
    else if (this.#cacheCalls > 0) this.#cacheMs = (this.#cacheMs ?? 0) + now - this.#since
    this.#since = now
  }
}

/**
 * The metrics of the current request; undefined outside a request. Work that several requests wait for counts for the
 * request that caused it.
 */
export const metricsOfRequest = new AsyncLocalStorage<RequestMetrics>()
