import {
  answerError,
  answerLoaded,
  answerStale,
  apart,
  type Call,
  fwdOf,
  hasEnded,
  type Miss,
} from './call.ts'
import { LoadFailed, Overloaded } from './errors.ts'
import { fill, keysOf } from './fill.ts'
import { Flight, type Landed, timeUp } from './flight.ts'
import { query } from './query.ts'
import type { CacheStatus } from './types.ts'

/**
 * Loads what is missed, by one `loadMany` or each by `load`, and answers it. What is loaded under a lease is filled.
 *
 * @param permits of the semaphore, one for each load; given back as the loads end
 * @returns those whose value has ended meanwhile
 */
export async function load<V>(call: Call<V>, misses: Miss<V>[], permits: number): Promise<Miss<V>[]> {
  const { loads } = call.cache
  const ended: Miss<V>[] = []
  const batches = call.loadMany && misses.length > 0 ? [misses] : misses.map((miss) => [miss])
  loads.release(permits - batches.length)
  await Promise.all(
    batches.map(async (batch) => {
      const flight = startFlight(call, batch)
      const answer = async (miss: Miss<V>) => {
        if (!(await answerFrom(call, miss, flight, { joins: false }))) ended.push(miss)
      }
      await Promise.all(batch.map(answer))
    }),
  )
  return ended
}

/** Takes permits for loads and hands each misses for which it has some to `begin`; refuses those for which none comes in time. */
export async function withPermits<V>(
  call: Call<V>,
  misses: Miss<V>[],
  begin: (misses: Miss<V>[], permits: number) => Promise<void>,
): Promise<void> {
  const { loads, options, emit } = call.cache
  const begun: Promise<void>[] = []
  for (let rest = misses; rest.length > 0; ) {
    let permits = loads.take(call.loadMany ? 1 : rest.length)
    // All are at work: what may be served stale is, and waits for nobody.
    if (permits === 0) rest = rest.filter((miss) => !answerStale(call, miss))
    if (rest.length === 0) break
    const ms = Math.min(options.waitMs, call.deadline - performance.now())
    if (permits === 0 && (await loads.wait(ms))) permits = 1
    if (permits === 0) {
      for (const miss of rest) {
        emit?.({ type: 'overloaded', id: miss.id })
        answerError(call, miss, new Overloaded(miss.id))
      }
      break
    }
    const some = call.loadMany ? rest : rest.slice(0, permits)
    rest = rest.slice(some.length)
    begun.push(begin(some, permits))
  }
  await Promise.all(begun)
}

/**
 * The load of this process that a call may join: one that began after it, or under the lease that the call has itself
 * found in place; none that was given up. So no removal that was done before the call began lies after the begin of the load.
 */
export function flightFor<V>({ cache, begun }: Call<V>, miss: Miss<V>): Flight | undefined {
  const { key, holder } = miss
  const flight = cache.flights.get(nameOf(miss))
  return flight &&
    !flight.signal.aborted &&
    (flight.begun > begun || (holder !== undefined && flight.tokens.get(key) === holder))
    ? flight
    : undefined
}

/**
 * Waits for a load, the call's own or another caller's, and answers from it.
 *
 * @returns false where what was joined is older than a removal demands, and where the value has ended: then the miss is as
 *   open as before
 */
export async function answerFrom<V>(
  call: Call<V>,
  miss: Miss<V>,
  flight: Flight,
  { joins }: { joins: boolean },
): Promise<boolean> {
  const landed =
    (await flight.wait(miss.key, call.deadline - performance.now())) ?? whatWasLoaded(call, miss, flight)
  if (!landed) answerError(call, miss, new LoadFailed(miss.id, timeUp()))
  else if (landed instanceof LoadFailed) answerError(call, miss, landed)
  else if (hasEnded(landed)) return false
  else if (joins && flight.begun <= call.begun && landed.fresh.version < (miss.least ?? 0)) return false
  else answerLoaded(call, miss, landed, statusOf(miss, landed, joins))
  return true
}

/**
 * What the database has said of a load whose caller's time ended while Redis was to store it: served, and owed, for nobody
 * knows whether it was stored.
 */
function whatWasLoaded<V>(
  { cache }: Call<V>,
  { id, key, beside }: Miss<V>,
  flight: Flight,
): Landed | undefined {
  const landed = flight.outcomes.get(key)
  if (landed && !(landed instanceof LoadFailed)) return landed
  const fresh = flight.loaded.get(key)
  if (!fresh) return undefined
  cache.owed.served(id, keysOf(key, beside), fresh.version)
  return { fresh, stored: false, freshMs: 0 }
}

function statusOf<V>(miss: Miss<V>, { stored, freshMs }: Landed, joins: boolean): CacheStatus {
  const { past } = miss
  return {
    hit: false,
    fwd: past ? 'bypass' : fwdOf(miss),
    ...(stored && !joins && { stored, ttl: Math.floor(freshMs / 1000) }),
    ...(joins && { collapsed: true }),
    ...(past && { detail: past.detail }),
  }
}

/** What a load is for: a key, and at a side key the entry beside which it lies, for a lease there outlives that entry. */
const nameOf = <V>({ key, beside }: Miss<V>): string => (beside ? `${key}@${beside.fill}` : key)

/** Begins one load for all of a batch. */
function startFlight<V>(call: Call<V>, batch: Miss<V>[]): Flight {
  const { cache } = call
  const tokens = new Map(batch.flatMap(({ key, token }) => (token === undefined ? [] : [[key, token]])))
  const flight = new Flight(++cache.begun, tokens, (flight) => run(apart(call), batch, flight))
  for (const miss of batch) {
    const { key, shard } = miss
    cache.flights.set(nameOf(miss), flight)
    const { fallbackMs } = cache.options
    if (shard.isOpen && fallbackMs > 0) cache.fallback.keep(key, shard.shard, flight, fallbackMs)
  }
  return flight
}

/** From the load to the fill. Never throws. */
async function run<V>(call: Call<V>, batch: Miss<V>[], flight: Flight): Promise<void> {
  const { cache } = call
  const start = performance.now()
  const results = await query(call, batch, flight)
  cache.loads.release(1)
  const duration = performance.now() - start
  for (const { id, key } of batch) {
    const result = results.get(key)
    if (result instanceof Error) cache.emit?.({ type: 'load-failed', id, duration, error: result })
    else if (result) {
      flight.loaded.set(key, result)
      cache.emit?.({ type: 'load', id, duration, version: result.version })
    }
  }
  await fill(call, batch, flight, results, duration)
  for (const miss of batch) {
    const name = nameOf(miss)
    if (cache.flights.get(name) === flight) cache.flights.delete(name)
  }
}
