import type { AllPromises } from './check.ts'
import type { CacheName } from './history.ts'

/** Those that are read and written all the time, and those that are mostly read: what these are loaded for is easily told. */
export const busy = ['a', 'b', 'c', 'd', 'e', 'f']
export const quiet = ['q', 'r', 's', 't', 'u', 'v']
/** One that is loaded at once, and asked for each so many ms: no process is so busy with waiting that it never asks Redis. */
export const pulse = { id: 'pulse', everyMs: 200 }

/** How long entries live: short, so that what can end does so often. All else is as the cache has it by default. */
export const lives: Record<
  CacheName,
  { ttl: number; jitter: number; negativeTtl: number; staleWhileRevalidate: number; staleIfError: number }
> = {
  // Some go stale soon, and some live long enough to be in the way after a fault.
  text: { ttl: 2000, jitter: 0.6, negativeTtl: 300, staleWhileRevalidate: 400, staleIfError: 400 },
  copy: { ttl: 1500, jitter: 0.4, negativeTtl: 300, staleWhileRevalidate: 0, staleIfError: 0 },
}

/** The defaults of lib/cacheAside that its promises speak of. */
const defaults = {
  leaseMs: 3_000,
  waitMs: 3_500,
  cacheTimeoutMs: 100,
  loadTimeoutMs: 2_500,
  fallbackMs: 1_000,
}

/** The longest time for which Redis is stopped, ms. */
export const longestPauseMs = 800

const { text, copy } = lives
export const promises: AllPromises = {
  ...defaults,
  // A fill may come as late as its load and a stopped Redis let it, and the last lease prolongs the entry's stay.
  lifeMs:
    text.ttl +
    Math.max(text.staleWhileRevalidate, text.staleIfError) +
    2 * defaults.leaseMs +
    defaults.loadTimeoutMs +
    longestPauseMs,
  minFreshMs: Math.min(text.ttl * (1 - text.jitter), copy.ttl * (1 - copy.jitter)),
  negativeTtl: Math.min(text.negativeTtl, copy.negativeTtl),
}
