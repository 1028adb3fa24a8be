import type { Promises } from './check.ts'

/** How the caches of the torture test are set: all times short, so that everything that can end does so often. */
export const options = {
  ttl: 2000,
  // Some go stale soon, and some live long enough to be in the way after a fault.
  jitter: 0.9,
  staleWhileRevalidate: 400,
  staleIfError: 400,
  negativeTtl: 300,
  leaseMs: 200,
  waitMs: 400,
  cacheTimeoutMs: 80,
  loadTimeoutMs: 2500,
  fallbackMs: 300,
}

/** The longest time for which Redis is stopped, ms. */
export const longestPauseMs = 800

export const promises: Promises = {
  fallbackMs: options.fallbackMs,
  // A fill may come as late as its load and a stopped Redis let it, and the last lease prolongs the entry's stay.
  lifeMs:
    options.ttl + options.staleWhileRevalidate + 2 * options.leaseMs + options.loadTimeoutMs + longestPauseMs,
}
