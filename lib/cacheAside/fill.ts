import { ask } from './ask.ts'
import type { Call, Miss } from './call.ts'
import { LoadFailed } from './errors.ts'
import type { Flight, Fresh } from './flight.ts'
import { encodeEntry } from './redis/entry.ts'

/** How long the mark of a failed load stays, ms: as long as the load took, between these. */
const shortestMarkMs = 20
const longestMarkMs = 200

/**
 * Fills what was loaded under a lease, and says what became of all. Where loading failed the lease ends: with a mark, by
 * which all who wait in other processes hear of it; without one where only the callers' own time was over.
 */
export async function fill<V>(
  call: Call<V>,
  batch: Miss<V>[],
  flight: Flight,
  results: Map<string, Fresh | LoadFailed>,
  duration: number,
): Promise<void> {
  const { cache } = call
  const { redis } = cache
  const markMs = flight.isAbandoned
    ? 0
    : Math.round(Math.min(Math.max(duration, shortestMarkMs), longestMarkMs))
  const lives = new Map(batch.map(({ key }) => [key, lifeOf(cache.options, results.get(key))]))
  const led = batch.filter(({ key }) => flight.tokens.has(key))
  const replies = await ask(
    call,
    led,
    ({ id, key, schema, beside }) => {
      const token = flight.tokens.get(key) ?? ''
      const fresh = results.get(key)
      const life = lives.get(key)
      if (!fresh || fresh instanceof Error) return redis.cacheAsideRelease(key, token, markMs)
      // It has ended by now, and is good for nobody.
      if (!life) return redis.cacheAsideRelease(key, token, 0)
      const entry = encodeEntry(schema, id, token, { ...fresh, freshMs: life.freshMs })
      if (!beside) return redis.cacheAsideFill(key, token, entry, life.px, fresh.version)
      return redis.cacheAsideFillBeside(key, beside.key, token, entry, life.px, fresh.version, beside.fill)
    },
    { proves: (reply) => reply === 1 },
  )
  led.forEach(({ key }, at) => {
    // It may not have come, and nobody shall wait for it; if it was stored, this finds no lease.
    if (replies[at] instanceof Error)
      redis.cacheAsideRelease(key, flight.tokens.get(key) ?? '', 0).catch(() => {})
  })
  const filled = new Map(led.map(({ key }, at) => [key, replies[at] === 1]))
  for (const { id, key, beside } of batch) {
    const fresh = results.get(key)
    const stored = filled.get(key)
    if (fresh instanceof Error || !fresh) flight.outcomes.set(key, fresh ?? new LoadFailed(id))
    else {
      if (stored !== undefined) cache.emit?.({ type: 'fill', id, stored })
      if (!stored && !flight.isAbandoned) cache.owed.served(id, keysOf(key, beside), fresh.version)
      const freshMs = Math.min(lives.get(key)?.freshMs ?? 0, fresh.until - Date.now())
      flight.outcomes.set(key, { fresh, stored: stored === true, freshMs })
    }
  }
}

/** The keys at which something older may stand: beside an entry of another schema also the id's own. */
export const keysOf = (key: string, beside: Miss<unknown>['beside']): string[] =>
  beside ? [beside.key, key] : [key]

/**
 * For how long a value is fresh, and for how long Redis keeps it, ms: as long as it may be served, and a lease to replace it.
 * Undefined for one that has ended.
 */
function lifeOf<V>(options: Call<V>['cache']['options'], fresh: Fresh | LoadFailed | undefined) {
  if (!fresh || fresh instanceof Error) return undefined
  const { ttl, negativeTtl, jitter, staleWhileRevalidate, staleIfError, leaseMs } = options
  const exists = fresh.body !== undefined
  const freshMs = Math.ceil(exists ? ttl * (1 - Math.random() * jitter) : negativeTtl)
  const staleMs = exists ? Math.max(staleWhileRevalidate, staleIfError) : 0
  const px = Math.min(freshMs + (staleMs > 0 ? staleMs + leaseMs : 0), fresh.until - Date.now())
  return px > 0 ? { freshMs, px } : undefined
}
