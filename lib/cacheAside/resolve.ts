import { answerError, answerFromFallback, answerFromFlight } from './answer.ts'
import { type Call, forkCall, type Miss } from './call.ts'
import { readSideEntries } from './checkedRead.ts'
import { expiredTwice } from './errors.ts'
import type { Flight } from './flight.ts'
import { interpret } from './interpret.ts'
import { takeLeases } from './lease.ts'
import { findFlight, load } from './load.ts'
import { withPermits } from './permits.ts'
import { poll } from './poll.ts'
import { bypassAfter } from './redis/errors.ts'
import { useMainEntry } from './sideEntry.ts'

/**
 * The longest pause before the next poll of a caller that waits, in ms: a fifth of what it has waited, but
 * within these limits. poll.ts shortens it by up to a quarter, so the pauses are about 3 to 50 ms.
 */
const shortestPauseMs = 4
const longestPauseMs = 50

/**
 * Answers every miss. If no caller holds the lease of a miss, the call takes it; leases are taken in one
 * round trip, and what they were taken for is loaded and filled together. If another caller holds the lease,
 * a caller in the same process joins that load, and a caller in another process polls, for all of its ids
 * together.
 */
export async function resolve<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  if (misses.length === 0) return
  const unread = misses.filter(({ answer, side }) => !answer && side?.isRead === false)
  if (unread.length > 0) await readSideEntries(call, unread)
  const open = misses.filter(({ answer }) => !answer)
  const held = open.filter(({ otherToken }) => otherToken !== undefined)
  const bypassing = open.filter(({ bypass }) => bypass)
  const free = open.filter(({ otherToken, bypass }) => otherToken === undefined && !bypass)
  await Promise.all([loadUnderLease(call, free), waitForOthers(call, held), bypassRedis(call, bypassing)])
}

/**
 * Takes leases and loads. It takes the permits first: a lease without a permit would only keep other callers
 * waiting.
 */
function loadUnderLease<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  return withPermits(call, misses, async (some, permits) => {
    const fork = forkCall(call)
    const { won, held, side, bypass } = await takeLeases(fork, some)
    const loading = load(fork, won, permits).then((expired) => reload(fork, expired))
    await Promise.all([loading, waitForOthers(fork, held), resolve(fork, side), bypassRedis(fork, bypass)])
  })
}

/**
 * Loads once more the values that expired during their load. If the second value has expired too, the load
 * has failed.
 */
async function reload<V>(call: Call<V>, expired: Miss<V>[]): Promise<void> {
  const twice = expired.filter(({ isReload }) => isReload)
  for (const miss of twice) answerError(call, miss, expiredTwice(miss.id))
  const once = expired.filter((miss) => !twice.includes(miss))
  for (const miss of once) {
    miss.isReload = true
    delete miss.token
    delete miss.otherToken
    delete miss.stale
  }
  await resolve(call, once)
}

/**
 * Waits for the loads of other callers, until each miss is answered, its lease is free, or its time to wait
 * has run out.
 */
async function waitForOthers<V>(call: Call<V>, held: Miss<V>[]): Promise<void> {
  const begun = performance.now()
  const pending: Promise<void>[] = []
  for (let waiting = joinFlights(call, held, pending); waiting.length > 0; ) {
    const pause = Math.min(Math.max((performance.now() - begun) / 5, shortestPauseMs), longestPauseMs)
    const replies = await poll(call, waiting, pause)
    const now = performance.now()
    const free: Miss<V>[] = []
    const late: Miss<V>[] = []
    const bypassing: Miss<V>[] = []
    const stillWaiting = waiting.filter((miss, index) => {
      const reply = replies[index] ?? ''
      if (reply instanceof Error) {
        miss.bypass = bypassAfter(reply)
        bypassing.push(miss)
        return false
      }
      const next = interpret(call, miss, reply)
      if (next === 'answered') return false
      if (next === 'side') {
        pending.push(resolve(call, [miss]))
        return false
      }
      if (next === 'held' && now >= miss.waitUntil) late.push(miss)
      // Only the script knows whether a lease has ended: a lease in an entry ends by Redis' clock, and a
      // damaged lease never ends.
      else if (next === 'free' || now - miss.foundAt > call.cache.options.leaseMs) free.push(miss)
      else return true
      return false
    })
    // If another caller's load for the side key was not stored, the main entry may be gone.
    for (const miss of free) if (miss.side) useMainEntry(call, miss)
    if (free.length > 0) pending.push(loadUnderLease(call, free))
    if (late.length > 0) pending.push(stopWaiting(call, late))
    if (bypassing.length > 0) pending.push(bypassRedis(call, bypassing))
    waiting = joinFlights(call, stillWaiting, pending)
  }
  await Promise.all(pending)
}

/** Lets misses join a load of this process, if they may. @returns the other misses */
function joinFlights<V>(call: Call<V>, misses: Miss<V>[], pending: Promise<void>[]): Miss<V>[] {
  return misses.filter((miss) => {
    const flight = findFlight(call, miss)
    if (flight) pending.push(joinFlight(call, miss, flight))
    return !flight
  })
}

async function joinFlight<V>(call: Call<V>, miss: Miss<V>, flight: Flight): Promise<void> {
  if (await answerFromFlight(call, miss, flight, { isJoined: true })) return
  // The value has expired, or is older than a removal allows. In both cases its lease has ended.
  delete miss.otherToken
  await loadUnderLease(call, [miss])
}

/** Stops waiting for other callers, and loads. The value is stored only if the lease can be taken now. */
function stopWaiting<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  return withPermits(call, misses, async (some, permits) => {
    const fork = forkCall(call)
    const { won, held, side, bypass } = await takeLeases(fork, some)
    const now = performance.now()
    const late = held.filter(({ waitUntil }) => waitUntil <= now)
    for (const miss of late) miss.bypass = { detail: 'wait-timeout' }
    const others = held.filter((miss) => !late.includes(miss))
    const loading = loadRemaining(fork, [...won, ...late, ...bypass], permits)
    await Promise.all([loading, waitForOthers(fork, others), resolve(fork, side)])
  })
}

/** Answers from the database alone, and stores nothing in Redis. */
async function bypassRedis<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  if (misses.length === 0) return
  const pending: Promise<void>[] = []
  const rest = answerWithoutLoad(call, misses, pending)
  await Promise.all([
    ...pending,
    withPermits(call, rest, (some, permits) => loadRemaining(call, some, permits)),
  ])
}

/**
 * Loads what still needs a load: another caller may have started one while this call waited for its permit.
 */
async function loadRemaining<V>(call: Call<V>, misses: Miss<V>[], permits: number): Promise<void> {
  const pending: Promise<void>[] = []
  const leased = misses.filter(({ token }) => token !== undefined)
  const unleased = misses.filter(({ token }) => token === undefined)
  const rest = answerWithoutLoad(call, unleased, pending)
  for (const { id, bypass } of rest) if (bypass) call.cache.emit?.({ type: 'bypass', id, ...bypass })
  const loading = load(call, [...leased, ...rest], permits).then((expired) => reload(call, expired))
  await Promise.all([loading, ...pending])
}

/**
 * Answers misses from a load that this process runs for another caller, or, while the shard cannot be
 * reached, from the fallback.
 *
 * @returns the other misses
 */
function answerWithoutLoad<V>(call: Call<V>, misses: Miss<V>[], pending: Promise<void>[]): Miss<V>[] {
  const { fallback, options } = call.cache
  return joinFlights(call, misses, pending).filter((miss) => {
    const earlier = miss.shard.isOpen ? fallback.get(miss.key, options.fallbackMs) : undefined
    if (earlier)
      pending.push(
        answerFromFallback(call, miss, earlier).then((isAnswered) =>
          isAnswered ? undefined : bypassRedis(call, [miss]),
        ),
      )
    return !earlier
  })
}
