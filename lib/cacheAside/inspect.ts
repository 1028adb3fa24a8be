import type { Context } from './context.ts'
import { ageOf, freshMsLeft } from './freshness.ts'
import { replyWithin } from './guards/timeout.ts'
import {
  decodeEntry,
  decodeLease,
  type Entry,
  failedToken,
  getLeaseEnd,
  getLeaseToken,
  type Lease,
} from './redis/entry.ts'
import type { Inspected } from './types.ts'

/** The reply of PTTL for a key that does not exist. */
const noSuchKey = -2

/**
 * Reports what a key holds. It ignores the breaker and the outbox, because it has to show what Redis really
 * holds.
 */
export async function inspect<V>(cache: Context<V>, id: string): Promise<Inspected> {
  const key = cache.key(id)
  const reply = cache.redis.cacheAsideInspect(key)
  const [now, pttl, bytes, raw] = await replyWithin(cache.options.cacheTimeoutMs, reply, cache.shards.of(key))
  if (pttl === noSuchKey) return { state: 'nothing' }
  const life = pttl >= 0 ? { expires: pttl } : {}
  if (raw === null) return { state: 'unreadable', ...life }
  const entry = decodeEntry(cache.options.schema, id, raw)
  if (!entry) return { state: getLeaseState(decodeLease(raw)), ...life, bytes }
  const { version, loadedAt, until, body } = entry
  return {
    ...{ state: getEntryState(entry, now), version, loadedAt, age: ageOf(entry), ttl: freshMsLeft(entry) },
    ...(until < Number.POSITIVE_INFINITY && { until }),
    ...{ body, ...life, bytes },
  }
}

function getLeaseState(lease: Lease | undefined) {
  if (!lease) return 'unreadable'
  return lease.token === failedToken ? 'failed' : 'loading'
}

/** @param now by Redis' clock, because leases run on it */
function getEntryState(entry: Entry, now: number) {
  if (freshMsLeft(entry) > 0) return entry.body === undefined ? 'absent' : 'fresh'
  return getLeaseEnd(entry) > now && getLeaseToken(entry) !== failedToken ? 'refreshing' : 'stale'
}
