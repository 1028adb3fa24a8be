import { ask } from './ask.ts'
import type { Call, Miss } from './call.ts'
import type { Options } from './completeOptions.ts'
import { LoadFailed } from './errors.ts'
import type { Flight, LoadedValue } from './flight.ts'
import { encodeEntry } from './redis/entry.ts'
import { keysToRemove } from './sideEntry.ts'

/** How long the mark of a failed load stays, in ms: as long as the load took, within these limits. */
const shortestMarkMs = 20
const longestMarkMs = 200

/**
 * Fills what was loaded under a lease, and records the outcome of every id of the batch. If loading failed,
 * the lease ends and leaves a mark, which waiting callers in other processes find. It leaves no mark if the
 * load was aborted only because its callers' own time ran out.
 */
export async function fill<V>(
  call: Call<V>,
  batch: Miss<V>[],
  flight: Flight,
  results: Map<string, LoadedValue | LoadFailed>,
  duration: number,
): Promise<void> {
  const { cache } = call
  const { redis } = cache
  const markMs = flight.isAbandoned
    ? 0
    : Math.round(Math.min(Math.max(duration, shortestMarkMs), longestMarkMs))
  const lifetimes = new Map(batch.map(({ key }) => [key, getLifetime(cache.options, results.get(key))]))
  const leased = batch.filter(({ key }) => flight.tokens.has(key))
  const replies = await ask(
    call,
    leased,
    ({ id, key, schema, side }) => {
      const token = flight.tokens.get(key) ?? ''
      const loaded = results.get(key)
      const lifetime = lifetimes.get(key)
      if (!loaded || loaded instanceof Error) return redis.cacheAsideRelease(key, token, markMs)
      // The value has already expired, so it is not stored.
      if (!lifetime) return redis.cacheAsideRelease(key, token, 0)
      const { freshMs, redisMs } = lifetime
      const entry = encodeEntry(schema, id, token, { ...loaded, freshMs })
      const args = [token, entry, redisMs, loaded.version] as const
      return side
        ? redis.cacheAsideFillSideEntry(key, side.mainKey, ...args, side.mainFillId)
        : redis.cacheAsideFill(key, ...args)
    },
    { provesWrites: (reply) => reply === 1 },
  )
  leased.forEach(({ key }, index) => {
    // The fill may not have arrived, and no caller should wait for it. If it was stored, this finds no lease.
    if (replies[index] instanceof Error)
      redis.cacheAsideRelease(key, flight.tokens.get(key) ?? '', 0).catch(() => {})
  })
  const filled = new Map(leased.map(({ key }, index) => [key, replies[index] === 1]))
  for (const { id, key, side } of batch) {
    const loaded = results.get(key)
    const stored = filled.get(key)
    if (loaded instanceof Error || !loaded) flight.outcomes.set(key, loaded ?? new LoadFailed(id))
    else {
      if (stored !== undefined) cache.emit?.({ type: 'fill', id, stored })
      if (!stored && !flight.isAbandoned) cache.outbox.addServed(id, keysToRemove(key, side), loaded.version)
      const freshMs = Math.min(lifetimes.get(key)?.freshMs ?? 0, loaded.until - Date.now())
      flight.outcomes.set(key, { loaded, stored: stored === true, freshMs })
    }
  }
}

/**
 * Returns how long a value is fresh, and how long Redis keeps it, in ms. Redis keeps it for as long as it can
 * be served, plus a lease to replace it. Returns undefined if the load failed or the value has expired.
 */
function getLifetime<V>(options: Options<V>, loaded: LoadedValue | LoadFailed | undefined) {
  if (!loaded || loaded instanceof Error) return undefined
  const { ttl, negativeTtl, jitter, staleWhileRevalidate, staleIfError, leaseMs } = options
  const exists = loaded.body !== undefined
  const freshMs = Math.ceil(exists ? ttl * (1 - Math.random() * jitter) : negativeTtl)
  const staleMs = exists ? Math.max(staleWhileRevalidate, staleIfError) : 0
  const redisMs = Math.min(freshMs + (staleMs > 0 ? staleMs + leaseMs : 0), loaded.until - Date.now())
  return redisMs > 0 ? { freshMs, redisMs } : undefined
}
