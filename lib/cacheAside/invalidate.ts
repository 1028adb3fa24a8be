import type { Context } from './context.ts'
import { deliver } from './deliver.ts'
import { replyWithin } from './guards/timeout.ts'
import { removeAll, removeOlder } from './redis/removal.ts'
import type { Invalidation, Keyed } from './types.ts'

/**
 * Removes every entry of an id, in this cache and in others. It ignores the breaker, because a removal is
 * always worth a try. One atomic command removes them all, unless a slot of the cluster is moving (see
 * removal.ts).
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
