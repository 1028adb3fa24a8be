import type { Call, Miss } from './call.ts'
import type { Context } from './context.ts'
import { LoadFailed, type Overloaded } from './errors.ts'
import { Flight, type Outcome, timeUp } from './flight.ts'
import { ageOf, freshMsLeft, staleMsLeft } from './freshness.ts'
import type { Entry } from './redis/entry.ts'
import { failedResult, Result } from './result.ts'
import { keysToRemove } from './sideEntry.ts'
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
  if (!stale || staleMsLeft(stale, call.cache.options.staleWhileRevalidate) <= 0) return false
  miss.answer = toResult(call, miss, stale, { hit: false, fwd: 'stale', collapsed: true })
  return true
}

/**
 * Waits for a load, the call's own or one that it joined, and answers the miss from it.
 *
 * @returns false if the value has expired, or a joined load is older than a removal allows; the miss is then
 *   still open
 */
export async function answerFromFlight<V>(
  call: Call<V>,
  miss: Miss<V>,
  flight: Flight,
  { isJoined }: { isJoined: boolean },
): Promise<boolean> {
  const outcome =
    (await flight.wait(miss.key, call.deadline - performance.now())) ?? serveUnstored(call, miss, flight)
  if (!outcome) answerError(call, miss, new LoadFailed(miss.id, timeUp()))
  else if (outcome instanceof LoadFailed) answerError(call, miss, outcome)
  else if (hasExpired(outcome)) return false
  else if (
    isJoined &&
    flight.sequence <= call.loadsStarted &&
    outcome.loaded.version < (miss.minVersion ?? 0)
  )
    return false
  else {
    if (isJoined) emitCollapsed(call, miss)
    const { loaded } = outcome
    miss.answer = new Result<V>(loaded, ageOf(loaded), createStatus(miss, outcome, isJoined))
  }
  return true
}

/**
 * Returns what the database answered, if the caller's time ran out while Redis was storing it. The value is
 * served and added to the outbox, because it is not known whether Redis stored it.
 */
function serveUnstored<V>(
  { cache }: Call<V>,
  { id, key, side }: Miss<V>,
  flight: Flight,
): Outcome | undefined {
  const outcome = flight.outcomes.get(key)
  if (outcome && !(outcome instanceof LoadFailed)) return outcome
  const loaded = flight.loaded.get(key)
  if (!loaded) return undefined
  cache.outbox.addServed(id, keysToRemove(key, side), loaded.version)
  return { loaded, stored: false, freshMs: 0 }
}

function createStatus<V>(miss: Miss<V>, { stored, freshMs }: Outcome, isJoined: boolean): CacheStatus {
  const { bypass } = miss
  return {
    hit: false,
    fwd: bypass ? 'bypass' : getFwd(miss),
    ...(stored && !isJoined && { stored, ttl: Math.floor(freshMs / 1000) }),
    ...(isJoined && { collapsed: true }),
    ...(bypass && { detail: bypass.detail }),
  }
}

/** Returns whether a value has expired since its load began. */
const hasExpired = ({ loaded }: Outcome): boolean => loaded.until <= Date.now()

/**
 * Answers from a load in the fallback, which has finished or is still under way, while Redis is away.
 *
 * @returns false if the value has expired
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
  if (hasExpired(outcome)) return false
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
    stale && staleMsLeft(stale, Math.max(staleWhileRevalidate, staleIfError)) > 0
      ? toResult(call, miss, stale, { hit: false, fwd: 'stale', detail: 'load-failed' })
      : failedResult(error)
}

/** Returns the `fwd` of a miss that went to the database. */
const getFwd = ({ stale }: Miss<unknown>) => (stale ? 'stale' : 'uri-miss')

function toResult<V>({ cache }: Call<V>, { id }: Miss<V>, entry: Entry, status: CacheStatus): CacheResult<V> {
  const now = Date.now()
  const age = ageOf(entry, now)
  const freshMs = freshMsLeft(entry, now)
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
