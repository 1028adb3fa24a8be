import type { Call, Miss } from './call.ts'
import type { Context } from './context.ts'
import { LoadFailed, type Overloaded } from './errors.ts'
import { Flight, type Outcome, timeUp } from './flight.ts'
import type { Entry } from './redis/entry.ts'
import { ageOf, freshFor, staleFor } from './redis/freshness.ts'
import { failedResult, Result } from './result.ts'
import type { CacheResult, CacheStatus } from './types.ts'

/** Creates the answer of a hit, from an entry that is fresh for `freshMs` from `now` on. */
export function createHit<V>(
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

/** Answers from an entry that another caller has filled in the meantime. */
export function answerCollapsed<V>(call: Call<V>, miss: Miss<V>, entry: Entry): void {
  emitCollapsed(call, miss)
  miss.answer = toResult(call, miss, entry, { hit: false, fwd: getFwd(miss), collapsed: true })
}

/**
 * Answers from the stale entry that was found, if `staleWhileRevalidate` allows it while another caller
 * refreshes it.
 *
 * @returns whether it could
 */
export function answerStale<V>(call: Call<V>, miss: Miss<V>): boolean {
  const { stale } = miss
  if (!stale || staleFor(stale, call.cache.options.staleWhileRevalidate) <= 0) return false
  miss.answer = toResult(call, miss, stale, { hit: false, fwd: 'stale', collapsed: true })
  return true
}

/** Answers from a load, which the call ran itself or joined. */
export function answerLoaded<V>(
  call: Call<V>,
  miss: Miss<V>,
  { loaded }: Outcome,
  status: CacheStatus,
): void {
  if (status.collapsed) emitCollapsed(call, miss)
  miss.answer = new Result<V>(loaded, ageOf(loaded), status)
}

/** Returns whether a value has ended since its load began. */
export const hasEnded = ({ loaded }: Outcome): boolean => loaded.until <= Date.now()

/**
 * Answers from a load in the fallback, which has finished or is still under way, while Redis is away.
 *
 * @returns false if the value has ended
 */
export async function answerFromFallback<V>(
  call: Call<V>,
  miss: Miss<V>,
  load: Flight | Outcome,
): Promise<boolean> {
  const left = call.deadline - performance.now()
  const outcome = load instanceof Flight ? await load.wait(miss.key, left) : load
  if (!outcome || outcome instanceof LoadFailed) {
    answerError(call, miss, outcome ?? new LoadFailed(miss.id, timeUp()))
    return true
  }
  if (hasEnded(outcome)) return false
  const age = ageOf(outcome.loaded)
  call.cache.emit?.({ type: 'fallback', id: miss.id, age })
  const status = { hit: false, fwd: 'bypass', collapsed: true, detail: 'fallback' } as const
  miss.answer = new Result<V>(outcome.loaded, age, status)
  return true
}

/**
 * Answers after a failed load: from the stale entry that this call found, if it is not too old, otherwise by
 * the error.
 */
export function answerError<V>(call: Call<V>, miss: Miss<V>, error: LoadFailed | Overloaded): void {
  const { stale } = miss
  const { staleWhileRevalidate, staleIfError } = call.cache.options
  miss.answer =
    stale && staleFor(stale, Math.max(staleWhileRevalidate, staleIfError)) > 0
      ? toResult(call, miss, stale, { hit: false, fwd: 'stale', detail: 'load-failed' })
      : failedResult(error)
}

/** Returns the `fwd` of a miss that went to the database. */
export const getFwd = ({ stale }: Miss<unknown>) => (stale ? 'stale' : 'uri-miss')

function toResult<V>({ cache }: Call<V>, { id }: Miss<V>, entry: Entry, status: CacheStatus): CacheResult<V> {
  const now = Date.now()
  const age = ageOf(entry, now)
  const freshMs = freshFor(entry, now)
  if (freshMs <= 0) {
    cache.emit?.({ type: 'stale', id, age, ...(status.detail !== undefined && { detail: status.detail }) })
  }
  // Negative if the entry is stale.
  status.ttl = Math.floor(freshMs / 1000)
  return new Result<V>(entry, age, status, entry.bytes)
}

function emitCollapsed<V>({ cache }: Call<V>, { id, since }: Miss<V>): void {
  cache.emit?.({ type: 'collapsed', id, waited: performance.now() - since })
}
