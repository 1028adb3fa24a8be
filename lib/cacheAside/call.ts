import type { Context } from './context.ts'
import { LoadFailed, type Overloaded } from './errors.ts'
import { Flight, type Landed, timeUp } from './flight.ts'
import type { Breaker } from './guards/breaker.ts'
import { CacheBudget } from './guards/budget.ts'
import { ageOf, type Entry, freshFor, staleFor } from './redis/entry.ts'
import { failure, Result } from './result.ts'
import type { CacheResult, CacheStatus } from './types.ts'

/** One call of `get`, `getMany` or `warm`, from its first miss on. */
export interface Call<V> {
  cache: Context<V>
  /** What it may still spend on each shard of Redis, of this many ms. */
  budgets: Map<Breaker, CacheBudget>
  redisMs: number
  /** Until when it waits for a connection to Redis, by performance.now(). */
  redisUntil: number
  /** When the caller's time is over, by performance.now(). */
  deadline: number
  /** How many loads of the cache had begun when it began: a later one may be joined. */
  begun: number
  /** How it loads many ids at once; a `get` loads its one by `load`. */
  loadMany: Context<V>['options']['loadMany']
}

/** One id that a call has not found in Redis, until it is answered. */
export interface Miss<V> {
  id: string
  key: string
  shard: Breaker
  /** When it was found missing, by performance.now(). */
  since: number
  /** Whether its event was told. */
  isTold?: boolean
  /** Of the entries that it reads. */
  schema: string
  /** The entry of another schema that stands at the id's own key, where this one's is kept beside it; and whether that was read. */
  beside?: { key: string; fill: string; isRead: boolean }
  /** The fill of an entry that may be replaced though it cannot be served: it is of another schema, and stale. */
  replaces?: string
  /** A stale entry that this very call has found, for when loading fails. */
  stale?: Entry
  /** The lease that the call holds. */
  token?: string
  /** The lease of somebody else that the call has found in place, the least version of its fill, and until when to wait for it. */
  holder?: string
  least?: number
  heldSince: number
  waitUntil: number
  /** Whether a value that the call has loaded had ended by then. */
  hasEnded?: boolean
  /** Why it goes past Redis. */
  past?: { detail: string; error?: unknown }
  answer?: CacheResult<V>
}

/**
 * @param elapsed ms of the caller's time that are over already, all of them spent on Redis
 * @param connecting ms beside them, spent on a connection to it
 */
export function newCall<V>(
  cache: Context<V>,
  begun: number,
  budgetMs: number,
  elapsed = 0,
  connecting = 0,
): Call<V> {
  if (Number.isNaN(budgetMs)) throw new TypeError('budgetMs must be a number of milliseconds')
  // A caller with little time keeps half of it for the database.
  const left = Math.min(cache.options.cacheTimeoutMs, budgetMs / 2) - elapsed
  const now = performance.now()
  return {
    cache,
    begun,
    budgets: new Map(),
    redisMs: Math.max(0, left),
    redisUntil: now + budgetMs / 2 - elapsed - connecting,
    deadline: now + budgetMs - elapsed - connecting,
    loadMany: undefined,
  }
}

/** A shard that hangs takes no time from the others of a list. */
export function budgetOf<V>({ budgets, redisMs }: Call<V>, shard: Breaker): CacheBudget {
  const known = budgets.get(shard)
  if (known) return known
  const budget = new CacheBudget(redisMs, shard.clock)
  budgets.set(shard, budget)
  return budget
}

/** The same call for a part of its ids that goes its own way: what the others take from now on is not taken from it. */
export const apart = <V>(call: Call<V>): Call<V> => ({
  ...call,
  budgets: new Map([...call.budgets].map(([shard, { left }]) => [shard, new CacheBudget(left, shard.clock)])),
})

export function newMiss<V>({ cache }: Call<V>, id: string, key = cache.key(id)): Miss<V> {
  const { schema } = cache.options
  const shard = cache.shards.of(key)
  return { id, key, schema, shard, since: performance.now(), heldSince: 0, waitUntil: 0 }
}

/** The answer of an entry that is fresh for so many ms at a moment. */
export function hit<V>(
  cache: Context<V>,
  id: string,
  entry: Entry,
  now: number,
  freshMs: number,
): CacheResult<V> {
  const age = ageOf(entry, now)
  cache.emit?.({ type: 'hit', id, age })
  const status = { hit: true, ttl: Math.floor(freshMs / 1000) }
  return new Result<V>(entry, age, status, entry.bytes)
}

/** Answers from what another caller has filled. */
export function collapse<V>(call: Call<V>, miss: Miss<V>, entry: Entry): void {
  tellCollapsed(call, miss)
  miss.answer = stored(call, miss, entry, { hit: false, fwd: fwdOf(miss), collapsed: true })
}

/** Answers from the stale entry that was found, where others may be served it while one refreshes it. @returns whether it could */
export function answerStale<V>(call: Call<V>, miss: Miss<V>): boolean {
  const { stale } = miss
  if (!stale || staleFor(stale, call.cache.options.staleWhileRevalidate) <= 0) return false
  miss.answer = stored(call, miss, stale, { hit: false, fwd: 'stale', collapsed: true })
  return true
}

/** Answers from a load, the own one or one that was joined. */
export function answerLoaded<V>(call: Call<V>, miss: Miss<V>, landed: Landed, how: CacheStatus): void {
  if (how.collapsed) tellCollapsed(call, miss)
  miss.answer = new Result<V>(landed.fresh, ageOf(landed.fresh), how)
}

/** Whether a value has ended since its load began. */
export const hasEnded = ({ fresh }: Landed): boolean => fresh.until <= Date.now()

/**
 * Answers from what this process has loaded a moment ago, or is loading, while Redis is away.
 *
 * @returns false where the value has ended
 */
export async function answerKept<V>(call: Call<V>, miss: Miss<V>, kept: Flight | Landed): Promise<boolean> {
  const left = call.deadline - performance.now()
  const landed = kept instanceof Flight ? await kept.wait(miss.key, left) : kept
  if (!landed || landed instanceof LoadFailed) {
    answerError(call, miss, landed ?? new LoadFailed(miss.id, timeUp()))
    return true
  }
  if (hasEnded(landed)) return false
  const age = ageOf(landed.fresh)
  call.cache.emit?.({ type: 'fallback', id: miss.id, age })
  const status = { hit: false, fwd: 'bypass', collapsed: true, detail: 'fallback' } as const
  miss.answer = new Result<V>(landed.fresh, age, status)
  return true
}

/** Answers when a load has failed: by the stale entry that this call has found, if it is not too old, else by the error. */
export function answerError<V>(call: Call<V>, miss: Miss<V>, error: LoadFailed | Overloaded): void {
  const { stale } = miss
  const { staleWhileRevalidate, staleIfError } = call.cache.options
  miss.answer =
    stale && staleFor(stale, Math.max(staleWhileRevalidate, staleIfError)) > 0
      ? stored(call, miss, stale, { hit: false, fwd: 'stale', detail: 'load-failed' })
      : failure(error)
}

export const fwdOf = ({ stale }: Miss<unknown>) => (stale ? 'stale' : 'uri-miss')

function stored<V>({ cache }: Call<V>, { id }: Miss<V>, entry: Entry, status: CacheStatus): CacheResult<V> {
  const now = Date.now()
  const age = ageOf(entry, now)
  const freshMs = freshFor(entry, now)
  if (freshMs <= 0) {
    cache.emit?.({ type: 'stale', id, age, ...(status.detail !== undefined && { detail: status.detail }) })
  }
  // Below 0 where it is stale.
  status.ttl = Math.floor(freshMs / 1000)
  return new Result<V>(entry, age, status, entry.bytes)
}

function tellCollapsed<V>({ cache }: Call<V>, { id, since }: Miss<V>): void {
  cache.emit?.({ type: 'collapsed', id, waited: performance.now() - since })
}
