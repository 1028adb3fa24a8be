import type { Committed, Invalidation, Keyed } from './contract.ts'
import type { Context } from './index.ts'

/** The database first, then one removal of every entry of the id. */
export async function write<V, C extends Committed<V>>(
  cache: Context<V>,
  id: string,
  commit: () => Promise<C>,
  also: Keyed[],
): Promise<C & { invalidation: Invalidation }> {
  let committed: C
  try {
    committed = await commit()
  } catch (error) {
    // A commit that timed out may have happened.
    const invalidation = await invalidate(cache, id, undefined, also)
    if (error instanceof Object) Object.assign(error, { invalidation })
    throw error
  }
  return { ...committed, invalidation: await invalidate(cache, id, undefined, also) }
}

export async function invalidate<V>(
  cache: Context<V>,
  id: string,
  version: number | undefined,
  also: Keyed[],
): Promise<Invalidation> {
  const keys = [cache.key(id), ...also.map((other) => other.key(id))]
  cache.fallback.forget(keys)
  const { outcome, error } = await cache.removals.remove(keys, {
    ms: cache.options.cacheTimeoutMs,
    version,
    onForgotten: () => cache.emit?.({ type: 'removal-forgotten', id }),
  })
  if (outcome === 'deferred') cache.breaker.failed(error)
  cache.emit?.({ type: 'removal', id, outcome, ...(outcome === 'deferred' && { error }) })
  return outcome
}
