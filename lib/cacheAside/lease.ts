import { ask } from './ask.ts'
import type { Call, Miss } from './call.ts'
import { interpret } from './interpret.ts'
import { getFillId, newCallerPart } from './redis/entry.ts'
import { bypassAfter } from './redis/errors.ts'
import { useMainEntry } from './sideEntry.ts'

/**
 * The misses that asked for a lease, by outcome. Misses that were answered instead are in none of the lists.
 */
export interface Leases<V> {
  /** The call now holds the lease. */
  won: Miss<V>[]
  /** Another caller holds the lease. */
  held: Miss<V>[]
  /** The main key now holds a fresh entry of another schema, so the side entry is read next. */
  side: Miss<V>[]
  /** Redis failed, so Redis is bypassed. */
  bypass: Miss<V>[]
}

/**
 * Asks for the lease of each miss, in one round trip; and again for each miss whose key has changed in the
 * meantime.
 */
export async function takeLeases<V>(call: Call<V>, misses: Miss<V>[]): Promise<Leases<V>> {
  const { redis, options } = call.cache
  const leases: Leases<V> = { won: [], held: [], side: [], bypass: [] }
  for (let open = misses; open.length > 0; ) {
    const requests = open.map(
      (miss): LeaseRequest<V> => ({
        miss,
        callerPart: newCallerPart(),
        fillToReplace: getFillToReplace(miss),
      }),
    )
    const replies = await ask(
      call,
      open,
      ({ id, key, side }, index) => {
        const request = requests[index] as LeaseRequest<V>
        const args = [request.callerPart, options.leaseMs, request.fillToReplace, id] as const
        request.sent = side
          ? redis.cacheAsideLeaseSideEntry(key, side.mainKey, ...args, side.mainFillId)
          : redis.cacheAsideLease(key, ...args)
        return request.sent
      },
      { provesWrites: isWon },
    )
    open = []
    const unreadable: Miss<V>[] = []
    for (const [index, request] of requests.entries()) {
      const { miss, fillToReplace } = request
      const reply = replies[index]
      if (typeof reply !== 'string') {
        giveBack(call, request)
        miss.bypass = bypassAfter(reply ?? new Error('Redis sent no reply'))
        leases.bypass.push(miss)
      } else if (isWon(reply)) {
        miss.token = reply.slice(1)
        leases.won.push(miss)
      } else if (reply === '') {
        // The main entry is gone. The client may have sent the command twice, so an earlier run may have
        // taken the lease.
        giveBack(call, request)
        useMainEntry(call, miss)
        open.push(miss)
      } else {
        const next = interpret(call, miss, reply)
        const hasChanged = getFillToReplace(miss) !== fillToReplace
        if (next === 'free' || (next === 'held' && hasChanged)) open.push(miss)
        else if (next === 'held') leases.held.push(miss)
        else if (next === 'side') leases.side.push(miss)
        // The script takes the text for an entry, but this process does not: delete it, and ask for the
        // lease again.
        if (next === 'free' && !hasChanged) unreadable.push(miss)
      }
    }
    const deletions = await ask(call, unreadable, ({ key }) => redis.del(key))
    for (const [index, miss] of unreadable.entries()) {
      const reply = deletions[index]
      if (!(reply instanceof Error)) continue
      open = open.filter((each) => each !== miss)
      miss.bypass = bypassAfter(reply)
      leases.bypass.push(miss)
    }
  }
  return leases
}

interface LeaseRequest<V> {
  miss: Miss<V>
  /** The caller's part of the token. */
  callerPart: string
  /** The id of the fill whose entry the lease may replace; empty if the call has seen no entry. */
  fillToReplace: string
  sent?: Promise<string>
}

const getFillToReplace = ({ stale, staleForeignFill = '' }: Miss<unknown>): string =>
  stale ? getFillId(stale) : staleForeignFill

const isWon = (reply: unknown): reply is string => typeof reply === 'string' && reply.startsWith('T')

/**
 * Gives a lease back that a failed request may have taken, so that no caller waits for a load that never
 * comes. The command follows the request on the same connection, and is not awaited. If the request still
 * wins the lease later, the command is sent once more, because the client of a cluster may have sent the
 * first one to another node.
 */
function giveBack<V>({ cache }: Call<V>, { miss: { key }, callerPart, sent }: LeaseRequest<V>): void {
  const release = () => cache.redis.cacheAsideRelease(key, callerPart, 0).catch(() => {})
  release()
  sent?.then((reply) => (isWon(reply) ? release() : undefined)).catch(() => {})
}
