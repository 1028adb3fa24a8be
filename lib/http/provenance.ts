import type { CacheResult, CacheStatus } from '../cacheAside/index.ts'

/** How the content of a response was read: what the cache did, and when the content ends, if it does. */
export type Provenance = Pick<CacheResult<unknown>, 'status' | 'until'>

/**
 * Combines the provenance of several entries for a response that is made of them.
 *
 * The status (RFC 9211) is a hit only if all entries were hits. Otherwise it has the worst reason of any entry.
 * `stored` and `collapsed` are set if they hold for every entry that was not a hit. The ttl is the shortest, if every
 * entry has one. If the worst entry has no detail, the detail is the number of hits, such as `hits:97/100`. The
 * content ends when the first entry ends.
 */
export function combineProvenance(reads: Provenance[]): Provenance {
  const until = Math.min(...reads.map(({ until = Number.POSITIVE_INFINITY }) => until))
  return {
    status: combineStatuses(reads.map(({ status }) => status)),
    ...(until < Number.POSITIVE_INFINITY && { until }),
  }
}

function combineStatuses(statuses: CacheStatus[]): CacheStatus {
  const notHit = statuses.filter(({ hit }) => !hit)
  const ttls = statuses.flatMap(({ ttl }) => ttl ?? [])
  const ttl = statuses.length > 0 && ttls.length === statuses.length && { ttl: Math.min(...ttls) }
  const fwd = reasons.find((reason) => notHit.some((status) => status.fwd === reason))
  if (!fwd) return { hit: true, ...ttl }
  const detail = notHit.find((status) => status.fwd === fwd && status.detail)?.detail
  return {
    hit: false,
    fwd,
    ...(notHit.every(({ stored }) => stored) && { stored: true }),
    ...(notHit.every(({ collapsed }) => collapsed) && { collapsed: true }),
    ...ttl,
    detail: detail ?? `hits:${statuses.length - notHit.length}/${statuses.length}`,
  }
}

/** The worst reason first. */
const reasons = ['bypass', 'uri-miss', 'stale'] as const
