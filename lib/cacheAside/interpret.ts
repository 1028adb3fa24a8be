import { answerCollapsed, answerError, answerStale } from './answer.ts'
import type { Call, Miss } from './call.ts'
import { LoadFailed } from './errors.ts'
import { freshMsLeft } from './freshness.ts'
import {
  decodeAnySchema,
  decodeEntry,
  decodeLease,
  type Entry,
  failedToken,
  getFillId,
  getLeaseEnd,
  getLeaseToken,
} from './redis/entry.ts'
import { useSideEntry } from './sideEntry.ts'

/**
 * What a miss has to do next:
 * - `answered`: nothing, it has its answer.
 * - `held`: wait for the load of another caller, which holds the lease.
 * - `free`: take the lease.
 * - `side`: read the side entry.
 */
type Next = 'answered' | 'held' | 'free' | 'side'

/** Interprets what a lease command or a poll found under the key: answers the miss, or records what it found. */
export function interpret<V>(call: Call<V>, miss: Miss<V>, raw: string): Next {
  const entry = decodeEntry(miss.schema, miss.id, raw)
  if (!entry) return interpretOther(call, miss, raw, true)
  if (freshMsLeft(entry) > 0) {
    answerCollapsed(call, miss, entry)
    return 'answered'
  }
  miss.stale = entry
  if (getLeaseEnd(entry) === 0) return 'free'
  if (answerStale(call, miss)) return 'answered'
  return recordLease(call, miss, getLeaseToken(entry), 0)
}

/**
 * Interprets what a read found under the key, if it is not a hit. For a stale entry the next step is always
 * to ask for the lease: only the script knows whether a lease in the entry has ended.
 */
export function interpretRead<V>(call: Call<V>, miss: Miss<V>, raw: string, stale: Entry | undefined): Next {
  if (!stale) return interpretOther(call, miss, raw, false)
  miss.stale = stale
  return 'free'
}

/**
 * Interprets text that is not an entry of this schema. If the call has seen an entry before, it was removed or
 * replaced.
 *
 * @param waits whether to wait for a lease in a stale entry of another schema, though the lease may have
 *   ended
 */
function interpretOther<V>(call: Call<V>, miss: Miss<V>, raw: string, waits: boolean): Next {
  delete miss.stale
  delete miss.staleForeignFill
  const lease = decodeLease(raw)
  if (lease) return recordLease(call, miss, lease.token, lease.minVersion)
  const foreign = decodeAnySchema(miss.id, raw)
  if (foreign && !miss.side && freshMsLeft(foreign) > 0) {
    useSideEntry(call, miss, foreign)
    return 'side'
  }
  if (foreign) {
    miss.staleForeignFill = getFillId(foreign)
    if (waits && getLeaseEnd(foreign) > 0) return recordLease(call, miss, getLeaseToken(foreign), 0)
  }
  delete miss.otherToken
  return 'free'
}

/**
 * Records the lease of another caller, and how long to wait for it. Answers the miss if the load has failed.
 */
function recordLease<V>(call: Call<V>, miss: Miss<V>, token: string, minVersion: number): Next {
  if (token === failedToken) {
    answerError(call, miss, new LoadFailed(miss.id))
    return 'answered'
  }
  miss.minVersion = minVersion
  if (miss.otherToken !== token) {
    const { leaseMs, waitMs, loadTimeoutMs } = call.cache.options
    const now = performance.now()
    const left = call.deadline - now
    miss.otherToken = token
    miss.foundAt = now
    // A caller whose own time would run out before the lease, or in a load after it, reserves half of it for
    // its own load.
    miss.waitUntil =
      now + (left >= leaseMs + loadTimeoutMs ? Math.min(waitMs, left - loadTimeoutMs / 2) : left / 2)
  }
  return 'held'
}
