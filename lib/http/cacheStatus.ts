import type { CacheStatus, Invalidation } from '../cacheAside/index.ts'

/** Returns the `Cache-Status` of a read (RFC 9211). */
export function formatCacheStatus({ hit, fwd, stored, collapsed, ttl, detail }: CacheStatus): string {
  let text = hit ? 'aisle; hit' : `aisle; fwd=${fwd}`
  if (stored) text += '; stored'
  if (collapsed) text += '; collapsed'
  if (ttl !== undefined) text += `; ttl=${ttl}`
  if (detail) text += `; detail=${detail}`
  return text
}

/** Returns the `Cache-Status` of a write: whether every cached copy is gone. */
export const formatWriteStatus = (invalidation: Invalidation): string =>
  `aisle; fwd=method; detail=invalidation-${invalidation}`
