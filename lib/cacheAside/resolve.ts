import { pastFor } from './ask.ts'
import { stepBack } from './beside.ts'
import { answerError, answerKept, apart, type Call, type Miss } from './call.ts'
import { LoadFailed } from './errors.ts'
import type { Flight } from './flight.ts'
import { takeLeases } from './lease.ts'
import { answerFrom, flightFor, load, withPermits } from './load.ts'
import { poll } from './poll.ts'
import { settle } from './settle.ts'
import { readBeside } from './wary.ts'

/** The pause of a caller that waits for another process, ms: a fifth of what it has waited, between these. */
const shortestPauseMs = 4
const longestPauseMs = 50

/**
 * From misses to answers. Leases are taken where nobody holds one, in one round trip, and what they are taken for is
 * loaded together and filled. Where somebody else holds the lease, a caller of the same process joins that load; one of
 * another process looks again and again, for all of its ids together.
 */
export async function resolve<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  const unread = misses.filter(({ answer, beside }) => !answer && beside?.isRead === false)
  if (unread.length > 0) await readBeside(call, unread)
  const open = misses.filter(({ answer }) => !answer)
  const held = open.filter(({ holder }) => holder !== undefined)
  const past = open.filter(({ past }) => past)
  const free = open.filter(({ holder, past }) => holder === undefined && !past)
  await Promise.all([lead(call, free), wait(call, held), bypass(call, past)])
}

/** Takes leases and loads, under permits that were there before: a lease that cannot be served keeps others waiting. */
function lead<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  return withPermits(call, misses, async (some, permits) => {
    const own = apart(call)
    const { won, held, aside, past } = await takeLeases(own, some)
    const loading = load(own, won, permits).then((ended) => again(own, ended))
    await Promise.all([loading, wait(own, held), resolve(own, aside), bypass(own, past)])
  })
}

/** Loads once more what has ended while it was loaded. Where that has ended as well, its load does not say what it should. */
async function again<V>(call: Call<V>, ended: Miss<V>[]): Promise<void> {
  const twice = ended.filter(({ hasEnded }) => hasEnded)
  for (const miss of twice)
    answerError(call, miss, new LoadFailed(miss.id, new Error('its value ends at once')))
  const once = ended.filter((miss) => !twice.includes(miss))
  for (const miss of once) {
    miss.hasEnded = true
    delete miss.token
    delete miss.holder
    delete miss.stale
  }
  await resolve(call, once)
}

/** Waits for the loads of others, until each miss is answered, or its lease may be had, or its time to wait is over. */
async function wait<V>(call: Call<V>, held: Miss<V>[]): Promise<void> {
  const begun = performance.now()
  const going: Promise<void>[] = []
  for (let waiting = joinFlights(call, held, going); waiting.length > 0; ) {
    const pause = Math.min(Math.max((performance.now() - begun) / 5, shortestPauseMs), longestPauseMs)
    const replies = await poll(call, waiting, pause)
    const now = performance.now()
    const open: Miss<V>[] = []
    const late: Miss<V>[] = []
    const past: Miss<V>[] = []
    const still = waiting.filter((miss, at) => {
      const reply = replies[at] ?? ''
      if (reply instanceof Error) {
        miss.past = pastFor(reply)
        past.push(miss)
        return false
      }
      const next = settle(call, miss, reply)
      if (next === 'answered') return false
      if (next === 'aside') {
        going.push(resolve(call, [miss]))
        return false
      }
      if (next === 'held' && now >= miss.waitUntil) late.push(miss)
      // Only the script knows whether a lease has ended: one in an entry ends by Redis' clock, and a damaged one has no end.
      else if (next === 'open' || now - miss.heldSince > call.cache.options.leaseMs) open.push(miss)
      else return true
      return false
    })
    // The entry beside which this one lies may be gone, as what was loaded for it was not stored.
    for (const miss of open) if (miss.beside) stepBack(call, miss)
    if (open.length > 0) going.push(lead(call, open))
    if (late.length > 0) going.push(giveUp(call, late))
    if (past.length > 0) going.push(bypass(call, past))
    waiting = joinFlights(call, still, going)
  }
  await Promise.all(going)
}

/** Lets those join a load of this process that may. @returns the others */
function joinFlights<V>(call: Call<V>, misses: Miss<V>[], going: Promise<void>[]): Miss<V>[] {
  return misses.filter((miss) => {
    const flight = flightFor(call, miss)
    if (flight) going.push(join(call, miss, flight))
    return !flight
  })
}

async function join<V>(call: Call<V>, miss: Miss<V>, flight: Flight): Promise<void> {
  if (await answerFrom(call, miss, flight, { joins: true })) return
  // What was loaded is older than a removal demands, and its lease has ended with it.
  delete miss.holder
  await lead(call, [miss])
}

/** Loads for itself after a long wait, and stores it only if the lease can be had after all. */
function giveUp<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  return withPermits(call, misses, async (some, permits) => {
    const own = apart(call)
    const { won, held, aside, past } = await takeLeases(own, some)
    const now = performance.now()
    const late = held.filter(({ waitUntil }) => waitUntil <= now)
    for (const miss of late) miss.past = { detail: 'wait-timeout' }
    const others = held.filter((miss) => !late.includes(miss))
    const loading = loadPast(own, [...won, ...late, ...past], permits)
    await Promise.all([loading, wait(own, others), resolve(own, aside)])
  })
}

/** Answers from the database alone, and stores nothing in Redis. */
async function bypass<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  const going: Promise<void>[] = []
  const rest = withoutLoad(call, misses, going)
  await Promise.all([...going, withPermits(call, rest, (some, permits) => loadPast(call, some, permits))])
}

/** Loads what has to be loaded by now: another caller may have begun while this one waited for its permit. */
async function loadPast<V>(call: Call<V>, misses: Miss<V>[], permits: number): Promise<void> {
  const going: Promise<void>[] = []
  const led = misses.filter(({ token }) => token !== undefined)
  const others = misses.filter(({ token }) => token === undefined)
  const rest = withoutLoad(call, others, going)
  for (const { id, past } of rest) if (past) call.cache.emit?.({ type: 'bypass', id, ...past })
  const loading = load(call, [...led, ...rest], permits).then((ended) => again(call, ended))
  await Promise.all([loading, ...going])
}

/**
 * Answers from a load that this process does for another caller, and, while the shard cannot be reached, from one that it
 * has just done. @returns the others
 */
function withoutLoad<V>(call: Call<V>, misses: Miss<V>[], going: Promise<void>[]): Miss<V>[] {
  const { fallback, options } = call.cache
  return joinFlights(call, misses, going).filter((miss) => {
    const kept = miss.shard.isOpen ? fallback.get(miss.key, options.fallbackMs) : undefined
    if (kept)
      going.push(answerKept(call, miss, kept).then((isGood) => (isGood ? undefined : bypass(call, [miss]))))
    return !kept
  })
}
