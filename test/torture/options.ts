import type { AllPromises } from './check.ts'
import type { CacheName } from './history.ts'

/** The ids that are read and written all the time. */
export const busy = ['a', 'b', 'c', 'd', 'e', 'f']
/** The ids that are mostly read, so that the reason for each of their loads is easy to find. */
export const quiet = ['q', 'r', 's', 't', 'u', 'v']
/** An id that loads at once and is read this often, ms. So no process waits so long that it stops asking Redis. */
export const pulse = { id: 'pulse', everyMs: 200 }

/** How long entries live: short, so that they expire often. All other options have their defaults. */
export const lifetimes: Record<
  CacheName,
  { ttl: number; jitter: number; negativeTtl: number; staleWhileRevalidate: number; staleIfError: number }
> = {
  // With this jitter some entries go stale soon, and some are still there after a fault.
  text: { ttl: 2000, jitter: 0.6, negativeTtl: 300, staleWhileRevalidate: 400, staleIfError: 400 },
  copy: { ttl: 1500, jitter: 0.4, negativeTtl: 300, staleWhileRevalidate: 0, staleIfError: 0 },
}

/** The defaults of lib/cacheAside that its promises depend on. */
const defaults = {
  leaseMs: 3_000,
  waitMs: 3_500,
  cacheTimeoutMs: 100,
  loadTimeoutMs: 2_500,
  fallbackMs: 1_000,
}

/** The longest time for which Redis is paused, ms. */
export const longestPauseMs = 800

const { text, copy } = lifetimes
export const promises: AllPromises = {
  ...defaults,
  // Its load and a paused Redis may delay a fill, and the last lease prolongs the life of the entry.
  lifeMs:
    text.ttl +
    Math.max(text.staleWhileRevalidate, text.staleIfError) +
    2 * defaults.leaseMs +
    defaults.loadTimeoutMs +
    longestPauseMs,
  minFreshMs: Math.min(text.ttl * (1 - text.jitter), copy.ttl * (1 - copy.jitter)),
  negativeTtl: Math.min(text.negativeTtl, copy.negativeTtl),
}
