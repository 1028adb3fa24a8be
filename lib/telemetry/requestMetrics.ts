import { AsyncLocalStorage } from 'node:async_hooks'

/** What is counted of a request. Read units: 4 KiB, read consistently, are one. */
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
  'databaseReads',
  'readUnits',
  'readUnitsSaved',
] as const

/** Where CloudWatch puts the metrics: one for each stage, since an account may hold several. */
export const metricsNamespace = process.env.METRICS_NAMESPACE || 'Aisle'

export type Counter = (typeof counters)[number]

/** For how long a request has waited, ms; undefined for what it did not use. */
export interface Waited {
  /** For the cache, while it did not wait for the database. */
  cache: number | undefined
  db: number | undefined
}

/** What one request has cost, and on what it has waited. */
export class RequestMetrics {
  /** What was counted, in the order in which it first was, and how much of each at the same place; zero is left out. */
  readonly counters: Counter[] = []
  readonly amounts: number[] = []
  /** What went wrong though the request may have been answered; a few of many. */
  warnings: string[] | undefined
  /** What became of Redis' circuit breaker meanwhile. */
  breaker: 'open' | 'closed' | undefined
  #cacheMs: number | undefined
  #dbMs: number | undefined
  /** Calls that are under way. */
  #cacheCalls = 0
  #dbCalls = 0
  /** When what was waited for changed, by performance.now(). */
  #since = 0

  add(counter: Counter, amount = 1): void {
    const at = this.counters.indexOf(counter)
    if (at === -1) {
      this.counters.push(counter)
      this.amounts.push(amount)
    } else this.amounts[at] = (this.amounts[at] ?? 0) + amount
  }

  warn(what: string): void {
    this.warnings ??= []
    if (this.warnings.length < 5 && !this.warnings.includes(what)) this.warnings.push(what)
  }

  /** A call of the cache begins; it may ask the database. */
  enterCache(): void {
    this.#charge(performance.now())
    this.#cacheMs ??= 0
    this.#cacheCalls++
  }

  leaveCache(): void {
    this.#charge(performance.now())
    this.#cacheCalls--
  }

  /** A command is sent to the database. */
  enterDb(): void {
    this.#charge(performance.now())
    this.#dbMs ??= 0
    this.#dbCalls++
  }

  leaveDb(): void {
    this.#charge(performance.now())
    this.#dbCalls--
  }

  /** @param now by performance.now() */
  waited(now: number): Waited {
    this.#charge(now)
    return { cache: this.#cacheMs, db: this.#dbMs }
  }

  /** Puts the time since the last change on the account of what was waited for. */
  #charge(now: number): void {
    if (this.#dbCalls > 0) this.#dbMs = (this.#dbMs ?? 0) + now - this.#since
    else if (this.#cacheCalls > 0) this.#cacheMs = (this.#cacheMs ?? 0) + now - this.#since
    this.#since = now
  }
}

/**
 * The metrics of the request that the running code works for; none outside of one. What several wait for is on the metrics
 * of the one that caused it.
 */
export const metricsOfRequest = new AsyncLocalStorage<RequestMetrics>()
