import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ageOf,
  ask,
  CacheFailed,
  type Call,
  type Found,
  isFresh,
  isWrongType,
  loaded,
  look,
  stored,
} from './call.ts'
import { type CacheResult, LoadFailed } from './contract.ts'
import { type Entry, failedToken, headOf, identityText, leaseIn, tokenBytes } from './entry.ts'
import { lead } from './lead.ts'
import { type Fresh, loadOne, servesOnError, staleOr } from './load.ts'
import { within } from './timeLimit.ts'

/** The first pause of a caller that waits for another process; doubled each time, up to the longest. */
const shortestPauseMs = 4
const longestPauseMs = 50

/** A get that has found nothing fresh. */
export async function miss<V>(call: Call<V>, found: Found): Promise<CacheResult<V>> {
  call.cache.emit?.({ type: 'miss', id: call.id })
  try {
    return await resolve(call, found)
  } catch (error) {
    if (error instanceof CacheFailed) return bypass(call, error)
    throw error
  }
}

/** From a miss to an answer: takes the lease and loads, or finds it taken, and serves what is stale or waits. */
export async function resolve<V>(call: Call<V>, first: Found): Promise<CacheResult<V>> {
  const { cache, id } = call
  const start = performance.now()
  // A caller with little time keeps half of it for a load of its own.
  const waitUntil = start + Math.min(cache.options.waitMs, (call.deadline - start) / 2)
  const collapsed = () => cache.emit?.({ type: 'collapsed', id, waited: performance.now() - start })
  let found = first
  for (let pause = shortestPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    const late = performance.now() + pause > waitUntil
    // Also when the wait is over: a lease that will not end by itself is only found out by the script.
    if (!(found.entry && isFresh(found.entry)) && (found.lease === undefined || late)) {
      const taken = await takeLease(call, found.entry)
      if (typeof taken === 'string') return lead(call, taken)
      found = taken
    }
    const { entry } = found
    if (entry && isFresh(entry)) {
      collapsed()
      return stored(call, entry, { hit: false, fwd: call.stale ? 'stale' : 'uri-miss', collapsed: true })
    }
    if (entry && ageOf(entry) < entry.freshMs + cache.options.staleWhileRevalidate) {
      return stored(call, entry, { hit: false, fwd: 'stale', collapsed: true })
    }
    if (entry && leaseIn(entry) === failedToken && servesOnError(call)) {
      return stored(call, entry, { hit: false, fwd: 'stale', detail: 'load-failed' })
    }
    // A load of this process may be joined because this call itself has just read its lease: no removal came between
    // the begin of that load and the begin of this call.
    const flight = cache.flights.get(found.lease ?? (entry ? leaseIn(entry) : ''))
    if (flight) {
      try {
        const left = Math.min(2 * cache.options.loadTimeoutMs, call.deadline - performance.now())
        const fresh = await within(
          left,
          flight,
          () => new LoadFailed(id, new DOMException('the time of the call is over', 'TimeoutError')),
        )
        collapsed()
        return loaded(fresh, { hit: false, fwd: call.stale ? 'stale' : 'uri-miss', collapsed: true })
      } catch (error) {
        return staleOr(call, error)
      }
    }
    if (late) throw new CacheFailed('wait-timeout')
    // Between half and all of the pause, so that those who wait do not ask in step.
    await sleep(pause * (0.5 + Math.random() / 2))
    if (!entry) found = await read(call)
  }
}

/** Answers from the database alone, and stores nothing in Redis. */
export async function bypass<V>(call: Call<V>, { detail, cause }: CacheFailed): Promise<CacheResult<V>> {
  const { cache, id, key } = call
  const kept = cache.breaker.isOpen ? cache.fallback.get(key, cache.options.fallbackMs) : undefined
  try {
    if (kept) {
      const fresh = (await kept) as Fresh<V>
      cache.emit?.({ type: 'fallback', id, age: ageOf(fresh) })
      return loaded(fresh, { hit: false, fwd: 'bypass', collapsed: true, detail: 'fallback' })
    }
    cache.emit?.({ type: 'bypass', id, detail, error: cause })
    const load = loadOne(call)
    if (cache.breaker.isOpen && cache.options.fallbackMs > 0) cache.fallback.keep(key, load)
    return loaded(await load, { hit: false, fwd: 'bypass', detail })
  } catch (error) {
    return staleOr(call, error)
  }
}

/** What stands at the key. Something of another type is nothing of use. */
export async function read<V>(call: Call<V>): Promise<Found> {
  const raw = call.cache.redis.get(call.key).catch((error) => {
    if (isWrongType(error)) return null
    throw error
  })
  return look(call, (await ask(call, raw)) ?? '')
}

/** The token of the lease that the call now holds, or what stands in its way. */
async function takeLease<V>(call: Call<V>, seen: Entry | undefined): Promise<string | Found> {
  const { cache, key, identity } = call
  const token = newToken()
  const head = seen ? headOf(seen) : ''
  const { leaseMs } = cache.options
  const command = cache.redis.cacheAsideLease(key, token, leaseMs, identityText(identity), head)
  const answer = await ask(call, command).catch((error) => {
    // It may have been taken all the same, and nobody shall wait for a load that does not come. Sent behind it on the
    // same connection, and not waited for.
    cache.redis.cacheAsideRelease(key, token, 1).catch(() => {})
    throw error
  })
  return answer === 1 ? token : inTheWay(call, answer)
}

export const newToken = () => randomBytes(tokenBytes).toString('base64url')

/** What the script has handed back. What it takes for an entry and this process does not is removed, as bad content. */
export async function inTheWay<V>(call: Call<V>, raw: string): Promise<Found> {
  const found = look(call, raw)
  if (!found.entry && found.lease === undefined) await ask(call, call.cache.redis.del(call.key))
  return found
}
