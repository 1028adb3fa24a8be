import type { CacheResult, Invalidation } from '../../lib/cacheAside/index.ts'

/** What one process did and saw. Times are by the clock that all processes share, ms. */
export type Operation = Answered | Unanswered | Committed | Removed | Load | Bypassed | Breaker

/** The caches of a process. They hold the same texts; a write through one may also remove the entry of the other. */
export const caches = ['text', 'copy'] as const
export type CacheName = (typeof caches)[number]

interface Recorded {
  process: string
  id: string
  /** Read before the operation began. */
  start: number
  /** Read after the operation had ended. */
  end: number
}

/** The answer of a `get`, or of one id of a `getMany`. */
export interface Answered extends Recorded {
  type: 'answered'
  cache: CacheName
  version: number
  /** null: it did not exist. */
  text: string | null
  from: Source
  /** The status of the answer. */
  status: string
  budgetMs?: number
}

/** A `get` that threw, or one id of a `getMany` that has an error. */
export interface Unanswered extends Recorded {
  type: 'unanswered'
  cache: CacheName
  error: string
  budgetMs?: number
}

/** A change that the database has confirmed. */
export interface Committed extends Recorded {
  type: 'committed'
  version: number
  text: string | null
}

/** The removal of a `write`, from the end of its commit on, or an `invalidate`. */
export interface Removed extends Recorded {
  type: 'removed'
  caches: CacheName[]
  outcome: Invalidation
  /** Of an `invalidate` that spares entries that are at least as new. */
  version?: number
}

/** A load of the database, from its call on. */
export interface Load extends Recorded {
  type: 'load'
  cache: CacheName
  /** `aborted`: its signal was aborted before it had read. */
  outcome: 'value' | 'nothing' | 'failed' | 'aborted'
}

/** A cache was bypassed: from now on its process may load this id without a lease. */
export interface Bypassed extends Recorded {
  type: 'bypassed'
  cache: CacheName
  detail: string
}

/** The circuit breaker of a process has opened or closed. This concerns no id. */
export interface Breaker extends Recorded {
  type: 'breaker'
  state: 'open' | 'closed'
}

/**
 * Where an answer came from: Redis or another caller's load (`cache`), this call's own load (`database`), or the last
 * load of the process while Redis is away (`fallback`).
 */
export type Source = 'cache' | 'database' | 'fallback'

export function sourceOf({ status }: Pick<CacheResult<unknown>, 'status'>): Source {
  if (status.detail === 'fallback') return 'fallback'
  // Below zero: a stale value, because another caller loads or because the load has failed.
  if (status.hit || status.collapsed || (status.ttl ?? 0) < 0) return 'cache'
  return 'database'
}
