import { type Call, loaded } from './call.ts'
import type { CacheResult } from './contract.ts'
import { encodeEntry } from './entry.ts'
import { type Fresh, loadOne, staleOr } from './load.ts'

/** How long the lease of a failed load stays, so that the next load does not follow at once. */
export const backoffMs = 200

/** Loads with the lease in hand and fills. Others of this process join by the token. */
export async function lead<V>(call: Call<V>, token: string): Promise<CacheResult<V>> {
  const { cache, key } = call
  const load = loadOne(call)
  cache.flights.set(token, load)
  try {
    const fresh = await load
    const { entry, freshMs, px } = entryOf(call, fresh)
    let accepted = false
    try {
      accepted = (await call.redis.spend(cache.redis.cacheAsideFill(key, token, entry, px))) === 1
    } catch (error) {
      // The value is good all the same. If the fill arrives late, its token decides.
      cache.breaker.failed(error)
    }
    return led(call, fresh, accepted, freshMs)
  } catch (error) {
    await call.redis.spend(cache.redis.cacheAsideRelease(key, token, backoffMs)).catch(() => {})
    return staleOr(call, error)
  } finally {
    cache.flights.delete(token)
  }
}

/** What to store of a load, and for how long: fresh for its time to live less the jitter, then as long as it may be served stale. */
export function entryOf<V>({ cache, identity }: Call<V>, fresh: Fresh<V>) {
  const { ttl, negativeTtl, jitter, staleWhileRevalidate, staleIfError, leaseMs } = cache.options
  const exists = fresh.body !== undefined
  const freshMs = Math.ceil(exists ? ttl * (1 - Math.random() * jitter) : negativeTtl)
  const staleMs = exists ? Math.max(staleWhileRevalidate, staleIfError) : 0
  // The last to find it still good to serve has a whole lease to replace it.
  const px = freshMs + (staleMs > 0 ? staleMs + leaseMs : 0)
  return { entry: encodeEntry(identity, { ...fresh, freshMs }), freshMs, px }
}

/** The answer of the caller who has loaded. */
export function led<V>(call: Call<V>, fresh: Fresh<V>, accepted: boolean, freshMs: number): CacheResult<V> {
  const fwd = call.stale ? 'stale' : 'uri-miss'
  call.cache.emit?.({ type: 'fill', id: call.id, stored: accepted })
  return loaded(fresh, {
    hit: false,
    fwd,
    ...(accepted && { stored: true, ttl: Math.floor(freshMs / 1000) }),
  })
}
