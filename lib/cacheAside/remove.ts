import type { Context } from './context.ts'
import { deliver } from './deliver.ts'
import { replyWithin } from './guards/processClock.ts'
import { removeAll, removeOlder } from './redis/removal.ts'
import type { Committed, Invalidation, Keyed } from './types.ts'

/** Writes to the database first, then removes every entry of the id by one command. */
export async function write<V, C extends Committed<V>>(
  cache: Context<V>,
  id: string,
  commit: () => Promise<C>,
  { also = [], mayHaveCommitted = () => true }: { also?: Keyed[]; mayHaveCommitted?: () => boolean } = {},
): Promise<C & { invalidation: Invalidation }> {
  // Throws for an id that is not valid, before anything is written.
  cache.key(id)
  // If no command was sent yet, the connection is made while the database works.
  cache.shards.connect()
  let committed: C
  try {
    committed = await commit()
  } catch (error) {
    if (!mayHaveCommitted()) throw error
    // A commit that timed out may have happened.
    const invalidation = await invalidate(cache, id, undefined, also)
    attachInvalidation(error, invalidation)
    throw error
  }
  return { ...committed, invalidation: await invalidate(cache, id, undefined, also) }
}

/**
 * Adds the outcome of the removal to an error. An error that is frozen, or has a read-only member of that
 * name, is unchanged.
 */
function attachInvalidation(error: unknown, invalidation: Invalidation): void {
  try {
    if (error instanceof Object) Reflect.set(error, 'invalidation', invalidation)
  } catch {
    // A Proxy, or a setter, may throw.
  }
}

/**
 * Removes every entry of an id by one atomic command. It ignores the breaker, because a removal is always
 * worth a try.
 */
export async function invalidate<V>(
  cache: Context<V>,
  id: string,
  version: number | undefined,
  also: Keyed[],
): Promise<Invalidation> {
  if (version !== undefined && !(Number.isSafeInteger(version) && version >= 0))
    throw new TypeError(`version is ${version}: it must be a safe integer from 0`)
  const key = cache.key(id)
  const keys = [key, ...also.map((other) => other.key(id))]
  cache.fallback.forget(keys)
  const shard = cache.shards.of(key)
  const { clock } = shard
  const begun = clock()
  try {
    const { redis } = cache
    const command = version === undefined ? removeAll(redis, keys) : removeOlder(redis, id, keys, version)
    await replyWithin(cache.options.cacheTimeoutMs, command, shard)
  } catch (error) {
    const forgotten = cache.outbox.add(id, keys)
    if (forgotten !== undefined) cache.emit?.({ type: 'removal-forgotten', id: forgotten })
    cache.recordFailure(shard, error)
    cache.emit?.({ type: 'removal', id, outcome: 'deferred', error })
    return 'deferred'
  }
  cache.recordWrite(shard)
  if (cache.outbox.hasAny) await deliver(cache, cache.options.cacheTimeoutMs - (clock() - begun))
  cache.emit?.({ type: 'removal', id, outcome: 'done' })
  return 'done'
}
