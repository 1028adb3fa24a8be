import { ageOf } from './call.ts'
import type { Inspected } from './contract.ts'
import { decodeEntry, decodeLease, type Entry, failedToken, leaseEnds, leaseIn } from './entry.ts'
import type { Context } from './index.ts'
import { CacheTimeout, within } from './timeLimit.ts'

/** What stands at a key. Past breaker and removals, for it is to show what Redis really holds. */
export async function inspect<V>(cache: Context<V>, id: string): Promise<Inspected> {
  const asked = cache.redis.cacheAsideInspect(cache.key(id))
  const [now, pttl, bytes, raw] = await within(cache.options.cacheTimeoutMs, asked, () => new CacheTimeout())
  // What PTTL says of a key that is not there.
  if (pttl === -2) return { state: 'nothing' }
  const life = pttl >= 0 ? { expires: pttl } : {}
  if (raw === null) return { state: 'unreadable', ...life }
  const entry = decodeEntry(cache.options.schema, id, raw)
  if (!entry) return { state: decodeLease(raw) === undefined ? 'unreadable' : 'loading', ...life, bytes }
  const { version, loadedAt, freshMs, body } = entry
  const age = ageOf(entry)
  return { state: stateOf(entry, now), version, loadedAt, age, ttl: freshMs - age, body, ...life, bytes }
}

/** @param now by Redis' clock, which leases run on */
function stateOf(entry: Entry, now: number) {
  if (ageOf(entry) < entry.freshMs) return entry.body === undefined ? 'absent' : 'fresh'
  return leaseEnds(entry) > now && leaseIn(entry) !== failedToken ? 'refreshing' : 'stale'
}
