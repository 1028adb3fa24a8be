import { ask, pastFor } from './ask.ts'
import { stepBack } from './beside.ts'
import type { Call, Miss } from './call.ts'
import { fillIn, newToken } from './redis/entry.ts'
import { settle } from './settle.ts'

/** What became of those that asked for a lease, but for those that were answered instead. */
export interface Leases<V> {
  /** The call now holds their lease. */
  won: Miss<V>[]
  /** Somebody else holds it. */
  held: Miss<V>[]
  /** An entry of another schema has come there meanwhile. */
  aside: Miss<V>[]
  /** Redis failed. */
  past: Miss<V>[]
}

/** Asks for the lease of each miss, in one round trip; again for those where something else stands by then. */
export async function takeLeases<V>(call: Call<V>, misses: Miss<V>[]): Promise<Leases<V>> {
  const { redis, options } = call.cache
  const leases: Leases<V> = { won: [], held: [], aside: [], past: [] }
  for (let open = misses; open.length > 0; ) {
    const asked = open.map((miss): Asked<V> => ({ miss, part: newToken(), seen: replaceable(miss) }))
    const replies = await ask(
      call,
      open,
      ({ id, key, beside }, place) => {
        const { part, seen } = asked[place] as Asked<V>
        const how = [part, options.leaseMs, seen, id] as const
        const sent = beside
          ? redis.cacheAsideLeaseBeside(key, beside.key, ...how, beside.fill)
          : redis.cacheAsideLease(key, ...how)
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
      } else if (reply === '') {
        // The entry beside which it looked is gone. Its client may have sent this again, after it was executed.
        giveBack(call, one)
        stepBack(call, miss)
        open.push(miss)
      } else {
        const next = settle(call, miss, reply)
        const isAnother = replaceable(miss) !== seen
        if (next === 'open' || (next === 'held' && isAnother)) open.push(miss)
        else if (next === 'held') leases.held.push(miss)
        else if (next === 'aside') leases.aside.push(miss)
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
  /** What tells the entry that the caller has seen, and that may be replaced. */
  seen: string
  sent?: Promise<string>
}

/** The fill of the entry that a miss may replace; empty where it has seen none. */
const replaceable = ({ stale, replaces = '' }: Miss<unknown>): string => (stale ? fillIn(stale) : replaces)

const isWon = (reply: unknown): reply is string => typeof reply === 'string' && reply.startsWith('T')

/**
 * It may have been taken all the same, and nobody shall wait for a load that does not come. Sent behind it on the same
 * connection, and not waited for; once more if the lease is had after all, for a cluster's client may send it elsewhere.
 */
function giveBack<V>({ cache }: Call<V>, { miss: { key }, part, sent }: Asked<V>): void {
  const release = () => cache.redis.cacheAsideRelease(key, part, 0).catch(() => {})
  release()
  sent?.then((reply) => (isWon(reply) ? release() : undefined)).catch(() => {})
}
