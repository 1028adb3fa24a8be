import { stepAside } from './beside.ts'
import { answerError, answerStale, type Call, collapse, type Miss } from './call.ts'
import { LoadFailed } from './errors.ts'
import {
  decodeEntry,
  decodeForeign,
  decodeLease,
  type Entry,
  failedToken,
  fillIn,
  freshFor,
  leaseEnds,
  leaseIn,
} from './redis/entry.ts'

/** What becomes of a miss: it has to wait for somebody's load, its lease may be had, or its entry is kept beside another one. */
type Next = 'held' | 'open' | 'aside'

/** Answers a miss from what stands at its key, if that is fresh, stale and being refreshed, or the mark of a failed load. */
export function settle<V>(call: Call<V>, miss: Miss<V>, raw: string): Next | 'answered' {
  const entry = decodeEntry(miss.schema, miss.id, raw)
  if (!entry) return settleOther(call, miss, raw, true)
  if (freshFor(entry) > 0) {
    collapse(call, miss, entry)
    return 'answered'
  }
  miss.stale = entry
  if (leaseEnds(entry) === 0) return 'open'
  if (answerStale(call, miss)) return 'answered'
  return hold(call, miss, leaseIn(entry), 0)
}

/** Notes what the first read of a call has found that is not fresh: a stale entry, whose lease only the script can judge, or something else. */
export function note<V>(
  call: Call<V>,
  miss: Miss<V>,
  raw: string,
  stale: Entry | undefined,
): Next | 'answered' {
  if (!stale) return settleOther(call, miss, raw, false)
  miss.stale = stale
  return 'open'
}

/**
 * What stands there is no entry of this schema: the one that was seen was removed, or replaced.
 *
 * @param waits whether a lease in a stale entry of another schema is waited for, though it may have ended
 */
function settleOther<V>(call: Call<V>, miss: Miss<V>, raw: string, waits: boolean): Next | 'answered' {
  delete miss.stale
  delete miss.replaces
  const lease = decodeLease(raw)
  if (lease) return hold(call, miss, lease.token, lease.least)
  const other = decodeForeign(miss.id, raw)
  if (other && !miss.beside && freshFor(other) > 0) {
    stepAside(call, miss, other)
    return 'aside'
  }
  if (other) {
    miss.replaces = fillIn(other)
    if (waits && leaseEnds(other) > 0) return hold(call, miss, leaseIn(other), 0)
  }
  delete miss.holder
  return 'open'
}

/** Notes whose lease is in the way, and for how long to wait for it. */
function hold<V>(call: Call<V>, miss: Miss<V>, token: string, least: number): 'answered' | 'held' {
  if (token === failedToken) {
    answerError(call, miss, new LoadFailed(miss.id))
    return 'answered'
  }
  miss.least = least
  if (miss.holder !== token) {
    const { leaseMs, waitMs, loadTimeoutMs } = call.cache.options
    const now = performance.now()
    const left = call.deadline - now
    miss.holder = token
    miss.heldSince = now
    // Whose own time would end before the lease does keeps half of it for a load of its own.
    miss.waitUntil =
      now + (left >= leaseMs + loadTimeoutMs ? Math.min(waitMs, left - loadTimeoutMs / 2) : left / 2)
  }
  return 'held'
}
