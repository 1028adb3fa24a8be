import type { Cluster, Redis } from 'ioredis'
import type { CacheEvent } from './events.ts'
import type { Loaded } from './types.ts'

/**
 * The options of {@link createCacheAside}. All except `redis`, `name` and `load` have defaults. Durations are
 * in milliseconds.
 */
export interface CacheAsideOptions<V> {
  /**
   * The Redis client. The caller owns it and closes it. With a lazy connection, the first `get` connects.
   *
   * Its commands must fail rather than wait forever, as those of lib/clients/redis do. Any other client
   * needs a `maxRetriesPerRequest` of at least 1, or null; a `socketTimeout`; and a `connectTimeout` no
   * shorter than `connectMs`.
   */
  redis: Redis | Cluster
  /** The kind of entry that this cache holds, such as `product`. Keys begin with `prefix:{id}:name`. */
  name: string
  /** Separates catalogues, or stages of one catalogue, that share a Redis. @default 'aisle' */
  prefix?: string
  /**
   * Names the shape of the values. An entry of another schema is a miss; while it is fresh, this cache leaves
   * it alone. Change it with the shape, so that two releases can run side by side. @default '1'
   */
  schema?: string
  /**
   * Reads one value from the database. The read must be strongly consistent: an eventually consistent read
   * can return what a write has just replaced, and the cache would store it. It must respect `signal`, which
   * aborts when the load runs out of time, or when no caller waits for it any more.
   */
  load: (id: string, context: { signal: AbortSignal }) => Promise<Loaded<V>>
  /**
   * Reads many values at once, under the same rules as `load`. An id that is missing from the map does not
   * exist. An id whose value is an `Error` could not be loaded: it alone fails, with that error as the `cause`, and the
   * others are filled. If the promise rejects, all ids fail. `getMany` uses it for its misses; without it, `getMany` calls
   * `load` for each miss.
   */
  loadMany?: (ids: string[], context: { signal: AbortSignal }) => Promise<Map<string, Loaded<V> | Error>>
  /** How long an entry is fresh. @default 60_000 */
  ttl?: number
  /**
   * The share by which each `ttl` is shortened at random, from 0 to below 1. It keeps entries that were
   * filled together from expiring together. @default 0.1
   */
  jitter?: number
  /**
   * How long after its `ttl` an entry is still served while one caller loads a new value. That caller waits
   * for the load; all others get the stale value at once. @default 0
   */
  staleWhileRevalidate?: number
  /**
   * How long after its `ttl` an entry is served if loading fails. If `staleWhileRevalidate` is longer, it
   * applies here too. A removed entry is never served. @default 0
   */
  staleIfError?: number
  /** How long the answer "does not exist" is cached. @default 5_000 */
  negativeTtl?: number
  /**
   * How long the holder of a lease has to load and fill before another caller can take the lease. Must be
   * longer than `loadTimeoutMs`. @default 3_000
   */
  leaseMs?: number
  /**
   * How long a caller waits while another caller holds the lease, before it loads for itself. Must be at
   * least 500 ms longer than `leaseMs`: if the loading process is killed, its lease then ends first, and one
   * waiting caller takes the lease for all. If that caller is killed too, the wait starts again. A caller
   * whose own time does not cover the lease and a load after it waits for half of that time. @default 3_500
   */
  waitMs?: number
  /**
   * How long one call can wait for one shard of Redis, all its commands together. Waiting for another
   * caller's load does not count, as long as Redis replies in time. Nor does time in which this process is
   * frozen or waits for a CPU. @default 100
   */
  cacheTimeoutMs?: number
  /**
   * How long calls can wait for a connection to Redis, counted from the start of the connection attempt. This
   * applies to the first connection, and to the next one after a working connection was lost. It comes on top
   * of `cacheTimeoutMs`. If an attempt fails, calls do not wait for the next attempt. Caches that share a
   * client all use the value of the cache that was created first. @default 1_000
   */
  connectMs?: number
  /** How long one load can take. @default 2_500 */
  loadTimeoutMs?: number
  /**
   * How long this process serves its own last load of an id while the shard of that id is away, counted from
   * the start of the load. This bounds staleness in a process that cannot reach Redis. 0 turns it off.
   * @default 1_000
   */
  fallbackMs?: number
  /** How many loads of this cache can run at the same time in this process. @default 32 */
  maxConcurrentLoads?: number
  /** Receives every decision that the cache takes, synchronously. Must not throw. */
  onEvent?: (event: CacheEvent) => void
}
