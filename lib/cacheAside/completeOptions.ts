import { longestTimer } from './guards/timeout.ts'
import type { CacheAsideOptions } from './options.ts'
import { longestLifeMs } from './redis/entry.ts'

const defaults = {
  prefix: 'aisle',
  schema: '1',
  ttl: 60_000,
  jitter: 0.1,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  negativeTtl: 5_000,
  leaseMs: 3_000,
  waitMs: 3_500,
  cacheTimeoutMs: 100,
  connectMs: 1_000,
  loadTimeoutMs: 2_500,
  fallbackMs: 1_000,
  maxConcurrentLoads: 32,
}

/** The options of a cache, with every default filled in. */
export type Options<V> = typeof defaults & Pick<CacheAsideOptions<V>, 'name' | 'load' | 'loadMany'>

/**
 * How much longer than a lease a caller waits, in ms, so that it notices the end of the lease before its own
 * wait ends.
 */
const waitAfterLeaseMs = 500

/** Fills in the defaults and checks every option. @throws {TypeError} as createCacheAside does */
export function completeOptions<V>(options: Omit<CacheAsideOptions<V>, 'redis' | 'onEvent'>): Options<V> {
  const complete = { ...defaults, ...options }
  check(complete)
  return complete
}

function check(options: typeof defaults & { name: string }): void {
  const { name, prefix, schema, jitter, leaseMs, waitMs, loadTimeoutMs, maxConcurrentLoads } = options
  for (const [label, text] of Object.entries({ name, prefix })) {
    // In a cluster, the text in braces decides the slot, so only the id may be in braces.
    if (!/^[^{}]+$/.test(text) || !text.isWellFormed())
      throw new TypeError(
        `${label} is ${JSON.stringify(text)}: it must be well-formed Unicode, not empty, and without { and }`,
      )
  }
  if (!/^[^\t\n]*$/.test(schema) || !schema.isWellFormed())
    throw new TypeError(
      `schema is ${JSON.stringify(schema)}: it must be well-formed Unicode, without a tab or a line break`,
    )
  const checkMs = (label: keyof typeof defaults, min: number, max: number) => {
    const ms = options[label]
    if (!Number.isInteger(ms) || Number(ms) < min || Number(ms) > max)
      throw new TypeError(`${label} is ${ms}: it must be whole milliseconds from ${min} to ${max}`)
  }
  for (const label of ['ttl', 'negativeTtl'] as const) checkMs(label, 1, longestLifeMs)
  for (const label of ['staleWhileRevalidate', 'staleIfError'] as const) checkMs(label, 0, longestLifeMs)
  for (const label of ['leaseMs', 'waitMs', 'cacheTimeoutMs', 'connectMs', 'loadTimeoutMs'] as const)
    checkMs(label, 1, longestTimer)
  checkMs('fallbackMs', 0, longestTimer)
  if (leaseMs <= loadTimeoutMs)
    throw new TypeError(`leaseMs is ${leaseMs}: it must be longer than loadTimeoutMs, ${loadTimeoutMs}`)
  if (waitMs < leaseMs + waitAfterLeaseMs)
    throw new TypeError(
      `waitMs is ${waitMs}: it must be at least ${leaseMs + waitAfterLeaseMs}, which is leaseMs plus ${waitAfterLeaseMs}`,
    )
  if (!(jitter >= 0 && jitter < 1)) throw new TypeError(`jitter is ${jitter}: it must be from 0 to below 1`)
  if (!(Number.isInteger(maxConcurrentLoads) && maxConcurrentLoads >= 1))
    throw new TypeError(
      `maxConcurrentLoads is ${maxConcurrentLoads}: it must be a whole number of at least 1`,
    )
}
