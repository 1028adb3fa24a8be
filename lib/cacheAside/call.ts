import type { Context } from './context.ts'
import type { Breaker } from './guards/breaker.ts'
import { CacheBudget } from './guards/budget.ts'
import type { Entry } from './redis/entry.ts'
import type { CacheResult } from './types.ts'

/** One call of `get`, `getMany` or `warm`. A hit on the fast path of `get` needs none. */
export interface Call<V> {
  cache: Context<V>
  /** What the call can still spend on each shard of Redis, out of `cacheMs`. */
  budgets: Map<Breaker, CacheBudget>
  /** How long the call can wait for each shard of Redis, in ms. */
  cacheMs: number
  /** Until when the call waits for a connection to Redis, by performance.now(). */
  connectUntil: number
  /** When the caller's time runs out, by performance.now(). */
  deadline: number
  /** How many loads of the cache had started when the call began. The call can join any later one. */
  loadsStarted: number
  /** Loads many ids at once. Undefined for `get`, which loads its id by `load`. */
  loadMany: Context<V>['options']['loadMany']
}

/**
 * One id of a call until it is answered. It is created before the id is read, or after a fast path has not
 * found it.
 */
export interface Miss<V> {
  id: string
  /** The key that the call reads and fills: the main key of the id, or the side key if `side` is set. */
  key: string
  shard: Breaker
  /** When this object was created, by performance.now(). */
  since: number
  /** Whether its `miss` event was emitted. */
  isMissEmitted?: boolean
  /** The schema of the entries that the call accepts under the key. */
  schema: string
  /** Set while the call uses a side entry. */
  side?: Side
  /**
   * The id of the fill of a stale entry of another schema: the call cannot serve that entry, but may replace
   * it.
   */
  staleForeignFill?: string
  /** A stale entry that this call has found. It can be served if loading fails. */
  stale?: Entry
  /** The token of the lease that this call holds. */
  token?: string
  /** The token of the lease that another caller holds, as this call found it under the key. */
  otherToken?: string
  /** The lowest version that the fill of that lease can have. */
  minVersion?: number
  /** When this call first found that lease, and until when it waits for it, by performance.now(). */
  foundAt: number
  waitUntil: number
  /** Whether this is the second load, because the first value had expired before it could be served. */
  isReload?: boolean
  /** Why the call does not use Redis for this id. */
  bypass?: { detail: string; error?: unknown }
  answer?: CacheResult<V>
}

/**
 * The main key of an id whose side entry is used, the fill of the main entry, and whether the side key was
 * read.
 */
export interface Side {
  mainKey: string
  mainFillId: string
  isRead: boolean
}

/**
 * @param elapsedMs how much of the caller's time has passed, all of it spent on Redis
 * @param connectingMs how much time on top of that was spent on connecting to Redis
 */
export function newCall<V>(
  cache: Context<V>,
  loadsStarted: number,
  budgetMs: number,
  elapsedMs = 0,
  connectingMs = 0,
): Call<V> {
  if (Number.isNaN(budgetMs)) throw new TypeError('budgetMs is NaN: it must be a number of milliseconds')
  // A caller with little time keeps half of it for the database.
  const cacheMs = Math.min(cache.options.cacheTimeoutMs, budgetMs / 2) - elapsedMs
  const now = performance.now()
  return {
    cache,
    loadsStarted,
    budgets: new Map(),
    cacheMs: Math.max(0, cacheMs),
    connectUntil: now + budgetMs / 2 - elapsedMs - connectingMs,
    deadline: now + budgetMs - elapsedMs - connectingMs,
    loadMany: undefined,
  }
}

/**
 * Returns the budget of a call for one shard. Each shard has its own, so a shard that hangs takes no time
 * from others.
 */
export function getBudget<V>({ budgets, cacheMs }: Call<V>, shard: Breaker): CacheBudget {
  const known = budgets.get(shard)
  if (known) return known
  const budget = new CacheBudget(cacheMs)
  budgets.set(shard, budget)
  return budget
}

/**
 * Copies a call for some of its ids, which then have budgets of their own: the other ids draw nothing from
 * them.
 */
export const forkCall = <V>(call: Call<V>): Call<V> => ({
  ...call,
  budgets: new Map(
    [...call.budgets].map(([shard, budget]) => [shard, new CacheBudget(budget.left(shard.clock()))]),
  ),
})

export function newMiss<V>({ cache }: Call<V>, id: string, key = cache.key(id)): Miss<V> {
  const { schema } = cache.options
  const shard = cache.shards.of(key)
  return { id, key, schema, shard, since: performance.now(), foundAt: 0, waitUntil: 0 }
}
