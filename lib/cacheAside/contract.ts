import type { Cluster, Redis } from 'ioredis'

/** What a load found: a value and its version, or nothing. `undefined` either way means: it does not exist. */
export type Loaded<V> = { value: V | undefined; version: number } | undefined

/** How a cache is made. All but `redis`, `name` and `load` have defaults. Durations are milliseconds. */
export interface CacheAsideOptions<V> {
  /**
   * The client, owned by the caller. Commands must fail rather than wait for ever: `maxRetriesPerRequest: 0` and a
   * `socketTimeout`. With a lazy connection the first `get` connects.
   */
  redis: Redis | Cluster
  /** What kind of entry this cache holds, such as `product`. Keys are `prefix:{id}:name`. */
  name: string
  /** Tells apart catalogs, or stages of one, that share a Redis. @default 'aisle' */
  prefix?: string
  /** Names the shape of the values. An entry written under another schema is a miss. @default '1' */
  schema?: string
  /**
   * Reads one value from the database, strongly consistent: an eventually consistent read may bring back what a
   * write has just replaced, and it would be stored. Must heed `signal`, which aborts when the time is up.
   */
  load: (id: string, context: { signal: AbortSignal }) => Promise<Loaded<V>>
  /** How long an entry is fresh. @default 60_000 */
  ttl?: number
  /** The share by which each `ttl` is shortened at random, 0 to 1, so that what was filled together does not expire together. @default 0.1 */
  jitter?: number
  /** How long the answer "does not exist" is kept. @default 5_000 */
  negativeTtl?: number
  /** How long a lease gives its holder to load and fill before another may. Longer than `loadTimeoutMs`. @default 3_000 */
  leaseMs?: number
  /** How long a caller waits for a load that another one holds the lease of, before it loads for itself. @default 3_000 */
  waitMs?: number
  /** The most that one call spends on waiting for Redis, all its commands together. @default 100 */
  cacheTimeoutMs?: number
  /** The most that one load may take. @default 2_500 */
  loadTimeoutMs?: number
  /** Called with every decision the cache takes, synchronously. Must not throw. */
  onEvent?: (event: CacheEvent) => void
}

/** What became of a removal: `deferred` means that Redis did not confirm it, and that it is delivered later. */
export type Invalidation = 'done' | 'deferred'

/** What the cache did, in the terms of RFC 9211 (Cache-Status). */
export interface CacheStatus {
  /** Answered from the cache. */
  hit: boolean
  /** Why the database was asked: nothing there (`uri-miss`), or the cache left out (`bypass`). */
  fwd?: 'uri-miss' | 'bypass'
  /** The loaded value is now in the cache. */
  stored?: boolean
  /** Answered by a load that another caller had begun. */
  collapsed?: boolean
  /** Seconds for which the entry stays fresh. */
  ttl?: number
  /** What was wrong with the cache: `redis-timeout`, `redis-error`, `wait-timeout`. */
  detail?: string
}

/** An answer. `value` and `body` are undefined where the id does not exist. */
export interface CacheResult<V> {
  /** The value; parsed from `body` when it is first asked for. */
  readonly value: V | undefined
  /** The value as JSON text, byte for byte as it was stored. */
  readonly body: string | undefined
  /** As loaded; 0 where the id never existed. */
  readonly version: number
  /** Milliseconds since the load of the value began. */
  readonly age: number
  readonly status: CacheStatus
}

/** What a commit made of the value; `undefined` where it deleted it. */
export interface Committed<V> {
  value: V | undefined
  version: number
}

/** A cache of any kind of value, as far as another one has to know it. */
export type Keyed = Pick<CacheAside<unknown>, 'key'>

/** A cache, as {@link createCacheAside} makes it. */
export interface CacheAside<V> {
  /**
   * The value of an id: from the cache, else from the database.
   *
   * @param options.budgetMs what is left of the caller's own time; bounds waiting and loading
   * @throws {LoadFailed} when the database did not answer, with its error as `cause`
   * @throws {TypeError} for an empty id
   */
  get(id: string, options?: { budgetMs?: number }): Promise<CacheResult<V>>
  /**
   * Changes the database by `commit`, then removes every entry of the id, here and in the caches of `also`, by one
   * atomic command. What `commit` throws is thrown on after the removal all the same, since a time-out may hide a
   * commit; an error object then carries `invalidation`.
   *
   * @param options.also caches on the same Redis and with the same prefix
   */
  write<C extends Committed<V>>(
    id: string,
    commit: () => Promise<C>,
    options?: { also?: Keyed[] },
  ): Promise<C & { invalidation: Invalidation }>
  /**
   * Removes every entry of the id, here and in the caches of `also`. With `version` an entry that is at least as new
   * stays. Never throws for a Redis that is away: the removal is deferred.
   */
  invalidate(id: string, options?: { version?: number; also?: Keyed[] }): Promise<Invalidation>
  /** The key under which Redis holds the entry of an id. */
  key(id: string): string
}

/** Everything a cache decides. Durations are milliseconds. */
export type CacheEvent = { name: string; id: string } & (
  | { type: 'hit'; age: number }
  | { type: 'miss' }
  | { type: 'collapsed'; waited: number }
  | { type: 'bypass'; detail: string; error?: unknown }
  | { type: 'load'; duration: number; version: number }
  | { type: 'load-failed'; duration: number; error: unknown }
  | { type: 'fill'; stored: boolean }
  | { type: 'removal'; outcome: Invalidation; error?: unknown }
  | { type: 'removal-forgotten' }
)

/** The database did not answer, and the cache had nothing to answer with. `cause` holds the load's own error. */
export class LoadFailed extends Error {
  override name = 'LoadFailed'
  readonly id: string
  constructor(id: string, cause: unknown) {
    super(`Loading ${JSON.stringify(id)} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
    this.id = id
  }
}
