import type { Context } from './context.ts'
import { heardWithin } from './guards/attention.ts'
import { formerKey } from './redis/keys.ts'
import { orOneByOne } from './redis/oneByOne.ts'
import type { Committed, Invalidation, Keyed } from './types.ts'

/** How many ids for which a removal is owed go with one that is confirmed. */
const deliveredAtOnce = 1_000

/** The database first, then one removal of every entry of the id. */
export async function write<V, C extends Committed<V>>(
  cache: Context<V>,
  id: string,
  commit: () => Promise<C>,
  { also = [], mayHaveCommitted = () => true }: { also?: Keyed[]; mayHaveCommitted?: () => boolean } = {},
): Promise<C & { invalidation: Invalidation }> {
  // Before anything is written: an id that is none is refused.
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
    if (error instanceof Object && Object.isExtensible(error)) Object.assign(error, { invalidation })
    throw error
  }
  return { ...committed, invalidation: await invalidate(cache, id, undefined, also) }
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
    const command = version === undefined ? removal(cache, keys) : olderThan(cache, keys, id, version)
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

function removal<V>({ redis }: Context<V>, keys: string[]): Promise<unknown> {
  const all = [...keys, ...keys.map(formerKey)]
  return orOneByOne(redis, all, (some) => redis.del(...some))
}

function olderThan<V>({ redis }: Context<V>, keys: string[], id: string, version: number): Promise<unknown> {
  const remove = (own: string[], former: string[]) =>
    redis.cacheAsideRemove(
      own.length + former.length,
      ...own,
      ...former,
      String(version),
      String(former.length),
      id,
    )
  const former = keys.map(formerKey)
  return orOneByOne(redis, [...keys, ...former], (some) =>
    remove(
      some.filter((key) => keys.includes(key)),
      some.filter((key) => former.includes(key)),
    ),
  )
}

/**
 * Now that Redis confirms removals again, delivers what is owed: a process that only writes would never come to read
 * those keys. What fails stays owed.
 */
async function deliver<V>({ owed, shards }: Context<V>, ms: number): Promise<void> {
  const keys = owed
    .keys()
    .filter((key) => !shards.of(key).isOpen)
    .slice(0, deliveredAtOnce)
  const all = Promise.allSettled(keys.map((key) => owed.deliver(key)))
  await heardWithin(ms, all).catch(() => {})
  shards.look(performance.now())
}
