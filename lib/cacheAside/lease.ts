import { ask, pastFor } from './ask.ts'
import { answerError, answerStale, type Call, collapse, type Miss } from './call.ts'
import {
  decodeEntry,
  decodeLease,
  type Entry,
  failedToken,
  fillIn,
  freshFor,
  identityOf,
  leaseEnds,
  leaseIn,
  newToken,
} from './redis/entry.ts'
import { LoadFailed } from './types.ts'

/** What became of those that asked for a lease, but for those that were answered instead. */
export interface Leases<V> {
  /** The call now holds their lease. */
  won: Miss<V>[]
  /** Somebody else holds it. */
  held: Miss<V>[]
  /** Redis failed. */
  past: Miss<V>[]
}

/** Asks for the lease of each miss, in one round trip; again for those where something else stands by then. */
export async function takeLeases<V>(call: Call<V>, misses: Miss<V>[]): Promise<Leases<V>> {
  const { redis, options } = call.cache
  const leases: Leases<V> = { won: [], held: [], past: [] }
  for (let open = misses; open.length > 0; ) {
    const asked = open.map(
      (miss): Asked<V> => ({ miss, part: newToken(), seen: miss.stale ? fillIn(miss.stale) : '' }),
    )
    const replies = await ask(
      call,
      open,
      ({ id, key }, place) => {
        const { part, seen } = asked[place] as Asked<V>
        const sent = redis.cacheAsideLease(key, part, options.leaseMs, identityOf(options.schema, id), seen)
        Object.assign(asked[place] as Asked<V>, { sent })
        return sent
      },
      { proves: isWon },
    )
    open = []
    const unreadable: Miss<V>[] = []
    for (const [place, one] of asked.entries()) {
      const { miss, seen } = one
      const reply = replies[place]
      if (typeof reply !== 'string') {
        giveBack(call, one)
        miss.past = pastFor(reply ?? new Error('No reply'))
        leases.past.push(miss)
      } else if (isWon(reply)) {
        miss.token = reply.slice(1)
        leases.won.push(miss)
      } else {
        const next = settle(call, miss, reply)
        const isAnother = miss.stale && fillIn(miss.stale) !== seen
        if (next === 'open' || (next === 'held' && isAnother)) open.push(miss)
        else if (next === 'held') leases.held.push(miss)
        // The script takes it for an entry and this process does not: it goes, and the lease is asked for again.
        if (next === 'open' && !isAnother) unreadable.push(miss)
      }
    }
    const removed = await ask(call, unreadable, ({ key }) => redis.del(key))
    for (const [at, miss] of unreadable.entries()) {
      const reply = removed[at]
      if (!(reply instanceof Error)) continue
      open = open.filter((each) => each !== miss)
      miss.past = pastFor(reply)
      leases.past.push(miss)
    }
  }
  return leases
}

/** A lease that was asked for. */
interface Asked<V> {
  miss: Miss<V>
  /** The caller's part of its token. */
  part: string
  /** What tells the stale entry that the caller has seen. */
  seen: string
  sent?: Promise<string>
}

const isWon = (reply: unknown): reply is string => typeof reply === 'string' && reply.startsWith('T')

/**
 * It may have been taken all the same, and nobody shall wait for a load that does not come. Sent behind it on the same
 * connection, and not waited for; once more if the lease is had after all, for a cluster's client may send it elsewhere.
 */
function giveBack<V>({ cache }: Call<V>, { miss, part, sent }: Asked<V>): void {
  const release = () => cache.redis.cacheAsideRelease(miss.key, part, 0).catch(() => {})
  release()
  sent?.then((reply) => (isWon(reply) ? release() : undefined)).catch(() => {})
}

/**
 * Answers a miss from what stands at its key, if that is fresh, stale and being refreshed, or the mark of a failed load.
 *
 * @returns `held` where it has to wait for somebody's load; `open` where its lease may be had
 */
export function settle<V>(call: Call<V>, miss: Miss<V>, raw: string): 'answered' | 'held' | 'open' {
  const entry = decodeEntry(call.cache.options.schema, miss.id, raw)
  if (!entry) return settleLease(call, miss, raw)
  if (freshFor(entry) > 0) {
    collapse(call, miss, entry)
    return 'answered'
  }
  miss.stale = entry
  if (leaseEnds(entry) === 0) return 'open'
  if (answerStale(call, miss)) return 'answered'
  return hold(call, miss, leaseIn(entry), 0)
}

/** Notes what the first read of a call has found that is not fresh: a stale entry, whose lease only the script can judge, or a bare lease. */
export function note<V>(call: Call<V>, miss: Miss<V>, raw: string, stale: Entry | undefined): void {
  if (stale) miss.stale = stale
  else settleLease(call, miss, raw)
}

function settleLease<V>(call: Call<V>, miss: Miss<V>, raw: string): 'answered' | 'held' | 'open' {
  const lease = decodeLease(raw)
  // It was removed, or replaced by a lease.
  delete miss.stale
  if (lease) return hold(call, miss, lease.token, lease.least)
  delete miss.holder
  return 'open'
}

/** Notes whose lease is in the way, and for how long to wait for it. */
function hold<V>(call: Call<V>, miss: Miss<V>, token: string, least: number): 'answered' | 'held' {
  if (token === failedToken) {
    answerError(call, miss, new LoadFailed(miss.id))
    return 'answered'
  }
  miss.least = least
  if (miss.holder !== token) {
    const { leaseMs, waitMs, loadTimeoutMs } = call.cache.options
    const now = performance.now()
    const left = call.deadline - now
    miss.holder = token
    miss.heldSince = now
    // Whose own time would end before the lease does keeps half of it for a load of its own.
    miss.waitUntil =
      now + (left >= leaseMs + loadTimeoutMs ? Math.min(waitMs, left - loadTimeoutMs / 2) : left / 2)
  }
  return 'held'
}
