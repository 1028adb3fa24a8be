import type { Context } from './context.ts'
import { deliver } from './deliver.ts'
import { heardWithin } from './guards/attention.ts'
import { removeAll, removeOlder } from './redis/removal.ts'
import type { Committed, Invalidation, Keyed } from './types.ts'

/** The database first, then one removal of every entry of the id. */
export async function write<V, C extends Committed<V>>(
  cache: Context<V>,
  id: string,
  commit: () => Promise<C>,
  { also = [], mayHaveCommitted = () => true }: { also?: Keyed[]; mayHaveCommitted?: () => boolean } = {},
): Promise<C & { invalidation: Invalidation }> {
  // Before anything is written: an id that is not valid is refused.
  cache.key(id)
  // Where nothing was sent yet, a connection is made while the database is at work.
  cache.shards.connect()
  let committed: C
  try {
    committed = await commit()
  } catch (error) {
    if (!mayHaveCommitted()) throw error
    // A commit that timed out may have happened.
    const invalidation = await invalidate(cache, id, undefined, also)
    tell(error, invalidation)
    throw error
  }
  return { ...committed, invalidation: await invalidate(cache, id, undefined, also) }
}

/** Tells of the removal with an error, where that takes it: one that is frozen, or has a member of that name, is thrown as it is. */
function tell(error: unknown, invalidation: Invalidation): void {
  try {
    if (error instanceof Object) Reflect.set(error, 'invalidation', invalidation)
  } catch {
    // It is a proxy that allows nothing.
  }
}

/** Removes every entry of an id by one atomic command; past the breaker, for a removal is worth a try at any time. */
export async function invalidate<V>(
  cache: Context<V>,
  id: string,
  version: number | undefined,
  also: Keyed[],
): Promise<Invalidation> {
  if (version !== undefined && !(Number.isSafeInteger(version) && version >= 0))
    throw new TypeError(`The version ${version} is no safe integer from 0 on`)
  const key = cache.key(id)
  const keys = [key, ...also.map((other) => other.key(id))]
  cache.fallback.forget(keys)
  const shard = cache.shards.of(key)
  const { clock } = shard
  const begun = clock()
  try {
    const { redis } = cache
    const command = version === undefined ? removeAll(redis, keys) : removeOlder(redis, id, keys, version)
    await heardWithin(cache.options.cacheTimeoutMs, command, shard)
  } catch (error) {
    const forgotten = cache.owed.add(id, keys)
    if (forgotten !== undefined) cache.emit?.({ type: 'removal-forgotten', id: forgotten })
    cache.failed(shard, error)
    cache.emit?.({ type: 'removal', id, outcome: 'deferred', error })
    return 'deferred'
  }
  cache.accepted(shard)
  if (cache.owed.any) await deliver(cache, cache.options.cacheTimeoutMs - (clock() - begun))
  cache.emit?.({ type: 'removal', id, outcome: 'done' })
  return 'done'
}
