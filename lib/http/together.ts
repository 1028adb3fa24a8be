import type { CacheStatus } from '../cacheAside/index.ts'
import type { Provenance } from './response.ts'

/**
 * What the cache did for an answer that is made of several entries, as one status (RFC 9211): a hit only if all were
 * hits; otherwise why the worst of them was none. What all the others have in common is said as well, the shortest life,
 * and where nothing was wrong, how many were hits: `detail=hits:97/100`. It ends when the first of them does.
 */
export function together(parts: Provenance[]): Provenance {
  const until = Math.min(...parts.map(({ until = Number.POSITIVE_INFINITY }) => until))
  return {
    status: worst(parts.map(({ status }) => status)),
    ...(until < Number.POSITIVE_INFINITY && { until }),
  }
}

function worst(statuses: CacheStatus[]): CacheStatus {
  const others = statuses.filter(({ hit }) => !hit)
  const ttls = statuses.flatMap(({ ttl }) => ttl ?? [])
  const ttl = statuses.length > 0 && ttls.length === statuses.length && { ttl: Math.min(...ttls) }
  const fwd = reasons.find((reason) => others.some((status) => status.fwd === reason))
  if (!fwd) return { hit: true, ...ttl }
  const detail = others.find((status) => status.fwd === fwd && status.detail)?.detail
  return {
    hit: false,
    fwd,
    ...(others.every(({ stored }) => stored) && { stored: true }),
    ...(others.every(({ collapsed }) => collapsed) && { collapsed: true }),
    ...ttl,
    detail: detail ?? `hits:${statuses.length - others.length}/${statuses.length}`,
  }
}

/** The worst first. */
const reasons = ['bypass', 'uri-miss', 'stale'] as const
