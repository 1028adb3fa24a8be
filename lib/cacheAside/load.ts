import { answerFromFlight } from './answer.ts'
import { type Call, forkCall, type Miss } from './call.ts'
import { fill } from './fill.ts'
import { Flight } from './flight.ts'
import { runLoad } from './runLoad.ts'

/**
 * Loads misses, by one `loadMany` or each by `load`, and answers them. What is loaded under a lease is also
 * filled.
 *
 * @param permits permits of the semaphore, one for each load; released as the loads end
 * @returns the misses whose value has expired in the meantime
 */
export async function load<V>(call: Call<V>, misses: Miss<V>[], permits: number): Promise<Miss<V>[]> {
  const { loads } = call.cache
  const expired: Miss<V>[] = []
  const batches = call.loadMany && misses.length > 0 ? [misses] : misses.map((miss) => [miss])
  loads.release(permits - batches.length)
  await Promise.all(
    batches.map(async (batch) => {
      const flight = startFlight(call, batch)
      const answer = async (miss: Miss<V>) => {
        if (!(await answerFromFlight(call, miss, flight, { isJoined: false }))) expired.push(miss)
      }
      await Promise.all(batch.map(answer))
    }),
  )
  return expired
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
 * Returns the name of a load: the key, and at a side key also the fill of the main entry, because a lease on
 * the side key can outlive that main entry.
 */
const flightName = <V>({ key, side }: Miss<V>): string => (side ? `${key}@${side.mainFillId}` : key)

/** Starts one load for a whole batch. */
function startFlight<V>(call: Call<V>, batch: Miss<V>[]): Flight {
  const { cache } = call
  const tokens = new Map(batch.flatMap(({ key, token }) => (token === undefined ? [] : [[key, token]])))
  const flight = new Flight(++cache.loadsStarted, tokens, (flight) =>
    runFlight(forkCall(call), batch, flight),
  )
  for (const miss of batch) {
    const { key, shard } = miss
    cache.flights.set(flightName(miss), flight)
    const { fallbackMs } = cache.options
    if (shard.isOpen && fallbackMs > 0) cache.fallback.add(key, shard.shard, flight, fallbackMs)
  }
  return flight
}

/** Runs a flight: loads, then fills. Never throws. */
async function runFlight<V>(call: Call<V>, batch: Miss<V>[], flight: Flight): Promise<void> {
  const { cache } = call
  const start = performance.now()
  const results = await runLoad(call, batch, flight)
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
