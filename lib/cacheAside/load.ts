import { answerError, answerLoaded, getFwd, hasEnded } from './answer.ts'
import { type Call, forkCall, type Miss } from './call.ts'
import { LoadFailed } from './errors.ts'
import { fill, keysToRemove } from './fill.ts'
import { Flight, type Outcome, timeUp } from './flight.ts'
import { query } from './query.ts'
import type { CacheStatus } from './types.ts'

/**
 * Loads misses, by one `loadMany` or each by `load`, and answers them. What is loaded under a lease is also
 * filled.
 *
 * @param permits permits of the semaphore, one for each load; given back as the loads end
 * @returns the misses whose value has ended in the meantime
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
        if (!(await answerFrom(call, miss, flight, { isJoined: false }))) ended.push(miss)
      }
      await Promise.all(batch.map(answer))
    }),
  )
  return ended
}

/**
 * Returns a load of this process that a call may join: one that began after the call, or one under the lease
 * that the call has itself found in place; never an aborted one. So every removal that was done before the
 * call began was also done before the load began.
 */
export function findFlight<V>({ cache, loadsStarted }: Call<V>, miss: Miss<V>): Flight | undefined {
  const { key, otherToken } = miss
  const flight = cache.flights.get(flightName(miss))
  return flight &&
    !flight.signal.aborted &&
    (flight.sequence > loadsStarted || (otherToken !== undefined && flight.tokens.get(key) === otherToken))
    ? flight
    : undefined
}

/**
 * Waits for a load, the call's own or one that it joined, and answers the miss from it.
 *
 * @returns false if the value has ended, or a joined load is older than a removal allows; the miss is then
 *   still open
 */
export async function answerFrom<V>(
  call: Call<V>,
  miss: Miss<V>,
  flight: Flight,
  { isJoined }: { isJoined: boolean },
): Promise<boolean> {
  const outcome =
    (await flight.wait(miss.key, call.deadline - performance.now())) ?? serveUnstored(call, miss, flight)
  if (!outcome) answerError(call, miss, new LoadFailed(miss.id, timeUp()))
  else if (outcome instanceof LoadFailed) answerError(call, miss, outcome)
  else if (hasEnded(outcome)) return false
  else if (
    isJoined &&
    flight.sequence <= call.loadsStarted &&
    outcome.loaded.version < (miss.minVersion ?? 0)
  )
    return false
  else answerLoaded(call, miss, outcome, createStatus(miss, outcome, isJoined))
  return true
}

/**
 * Returns what the database answered, if the caller's time ended while Redis was storing it. The value is
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

/**
 * Returns the name of a load: the key, and at a side key also the fill of the main entry, because a lease at
 * the side key can outlive that main entry.
 */
const flightName = <V>({ key, side }: Miss<V>): string => (side ? `${key}@${side.mainFillId}` : key)

/** Starts one load for a whole batch. */
function startFlight<V>(call: Call<V>, batch: Miss<V>[]): Flight {
  const { cache } = call
  const tokens = new Map(batch.flatMap(({ key, token }) => (token === undefined ? [] : [[key, token]])))
  const flight = new Flight(++cache.loadsStarted, tokens, (flight) => run(forkCall(call), batch, flight))
  for (const miss of batch) {
    const { key, shard } = miss
    cache.flights.set(flightName(miss), flight)
    const { fallbackMs } = cache.options
    if (shard.isOpen && fallbackMs > 0) cache.fallback.add(key, shard.shard, flight, fallbackMs)
  }
  return flight
}

/** Runs a load from the query to the fill. Never throws. */
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
    const name = flightName(miss)
    if (cache.flights.get(name) === flight) cache.flights.delete(name)
  }
}
