import type { Cluster, Redis } from 'ioredis'
import type { LoadFailed, Overloaded } from './errors.ts'

/**
 * What a load found: a value and its version, or nothing. `undefined` either way means: it does not exist.
 *
 * A value may end at an instant, `until` in ms since the epoch, as a price does that is valid for a time: it is served no
 * longer, however long the cache would keep it, fresh or stale. By the clock of the process that answers. Not before the
 * load began: what has ended by then is not what the load is to find.
 */
export type Loaded<V> = { value: V | undefined; version: number; until?: number | undefined } | undefined

/** How a cache is made. All but `redis`, `name` and `load` have defaults. Durations are milliseconds. */
export interface CacheAsideOptions<V> {
  /**
   * The client, owned by the caller. Commands must fail rather than wait for ever, as those of lib/clients/redis do. Another one needs
   * a `maxRetriesPerRequest` of at least 1, or null, a `socketTimeout`, and a `connectTimeout` no shorter than `connectMs`. With a lazy connection the first `get` connects.
   */
  redis: Redis | Cluster
  /** What kind of entry this cache holds, such as `product`. Keys are `prefix:{id}:name`. */
  name: string
  /** Tells apart catalogs, or stages of one, that share a Redis. @default 'aisle' */
  prefix?: string
  /** Names the shape of the values. An entry of another schema is a miss, and is left alone while it is fresh. @default '1' */
  schema?: string
  /**
   * Reads one value from the database, strongly consistent: an eventually consistent read may bring back what a
   * write has just replaced, and it would be stored. Must heed `signal`, which aborts when the time is up.
   */
  load: (id: string, context: { signal: AbortSignal }) => Promise<Loaded<V>>
  /**
   * Reads many values at once, with the same demands as `load`. An id that the map does not hold does not exist. Used
   * by `getMany` for its misses; without it each is loaded by `load`.
   */
  loadMany?: (ids: string[], context: { signal: AbortSignal }) => Promise<Map<string, Loaded<V>>>
  /** How long an entry is fresh. @default 60_000 */
  ttl?: number
  /** The share by which each `ttl` is shortened at random, 0 to 1, so that what was filled together does not expire together. @default 0.1 */
  jitter?: number
  /**
   * How long after that an entry is served all the same while one caller, who then waits for it, loads a new one.
   * @default 0
   */
  staleWhileRevalidate?: number
  /**
   * How long after its freshness an entry is served when loading fails. Never one that was removed. @default 0
   */
  staleIfError?: number
  /** How long the answer "does not exist" is kept. @default 5_000 */
  negativeTtl?: number
  /** How long a lease gives its holder to load and fill before another may. Longer than `loadTimeoutMs`. @default 3_000 */
  leaseMs?: number
  /**
   * How long a caller waits for a load that another one holds the lease of, before it loads for itself. At least 500 ms
   * longer than `leaseMs`, so that the lease of a process that was killed ends first, and one caller takes it for all.
   * Where that caller is killed as well, the wait begins anew. A caller waits for half of its own time where that does
   * not reach past the lease and a load after it. @default 3_500
   */
  waitMs?: number
  /**
   * The most that one call spends on waiting for a shard of Redis, all its commands together. What it waits for another
   * caller's load is not time on Redis, as long as Redis answers in time; nor is what this process spends frozen, or
   * waiting for a processor. @default 100
   */
  cacheTimeoutMs?: number
  /**
   * The most that calls wait for a connection to Redis that is being made, counted from when that began: the first one, or
   * the next one after a working one was lost. It stands beside `cacheTimeoutMs`. Where an attempt fails, the next one is
   * not waited for. Of caches on the same client the one that was made first says it. @default 1_000
   */
  connectMs?: number
  /** The most that one load may take. @default 2_500 */
  loadTimeoutMs?: number
  /**
   * While a shard is away, how long this process answers its ids from its last load, counted from that load's begin. In
   * a process that cannot reach Redis this is the bound on staleness. 0: never. @default 1_000
   */
  fallbackMs?: number
  /** The most loads that run at the same time in this process for this cache. @default 32 */
  maxConcurrentLoads?: number
  /** Called with every decision the cache takes, synchronously. Must not throw. */
  onEvent?: (event: CacheEvent) => void
}

/** What became of a removal: `deferred` means that Redis did not confirm it, and that it is delivered later. */
export type Invalidation = 'done' | 'deferred'

/** What the cache did, in the terms of RFC 9211 (Cache-Status). */
export interface CacheStatus {
  /** Answered from the cache. */
  hit: boolean
  /**
   * Why it was not answered from the cache: nothing there (`uri-miss`), something stale there (`stale`; the answer is
   * the new value where `stored` or `collapsed` says how it came, or the stale one where `ttl` is below 0), or the
   * cache left out (`bypass`).
   */
  fwd?: 'uri-miss' | 'stale' | 'bypass'
  /** The loaded value is now in the cache. */
  stored?: boolean
  /** Answered without a load of its own, since another caller is loading or has loaded. */
  collapsed?: boolean
  /** Seconds for which the entry stays fresh; below 0 where it is stale. */
  ttl?: number
  /**
   * What was wrong: `redis-timeout`, `redis-error`, `redis-away` (known to be, and not asked), `wait-timeout` (another
   * caller's load took too long), `load-failed` (a stale value instead), `fallback` (this process' own last load).
   */
  detail?: string
}

/** An answer. `value` and `body` are undefined where the id does not exist. */
export interface CacheResult<V> {
  /** The value; parsed from `body` when it is first asked for, and frozen with all that is in it. */
  readonly value: V | undefined
  /** The value as JSON text, byte for byte as it was stored. */
  readonly body: string | undefined
  /** The length of `body` in UTF-8. A hit knows it without counting. */
  readonly bytes: number
  /** As loaded; 0 where the id never existed. */
  readonly version: number
  /** Milliseconds since the load of the value began. */
  readonly age: number
  /** When the value ends, ms since the epoch; undefined where its load named no end. */
  readonly until?: number | undefined
  readonly status: CacheStatus
  /** Only from `getMany`: why this id has no answer. */
  readonly error?: LoadFailed | Overloaded
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
   * @throws {Overloaded} when too many loads run already for this one to begin in time
   * @throws {TypeError} for an id that is empty or no well-formed Unicode
   */
  get(id: string, options?: { budgetMs?: number }): Promise<CacheResult<V>>
  /**
   * The values of many ids, in the order asked; duplicates are allowed. One round trip to read them (in a cluster one
   * for each shard), one to take the leases of the misses, one `loadMany`, one to fill. An id that cannot be answered
   * carries its `error`; the others are answered all the same.
   *
   * @throws {TypeError} for an id that is empty or no well-formed Unicode
   */
  getMany(ids: readonly string[], options?: { budgetMs?: number }): Promise<CacheResult<V>[]>
  /**
   * Fills what is missing or stale, and touches nothing that is fresh. Never throws for an id that cannot be loaded.
   *
   * @throws {TypeError} for an id that is empty or no well-formed Unicode
   */
  warm(ids: readonly string[]): Promise<Warmed>
  /**
   * Changes the database by `commit`, then removes every entry of the id, here and in the caches of `also`, by one
   * atomic command. What `commit` throws is thrown on after the removal all the same, since a time-out may hide a
   * commit; an error object then carries `invalidation`.
   *
   * @param options.also caches on the same Redis and with the same prefix
   * @param options.mayHaveCommitted asked when `commit` has thrown: where it says no, nothing is removed. Without it what
   * was refused costs the entries as well, and whoever is refused all the time keeps them out of the cache
   */
  write<C extends Committed<V>>(
    id: string,
    commit: () => Promise<C>,
    options?: { also?: Keyed[]; mayHaveCommitted?: () => boolean },
  ): Promise<C & { invalidation: Invalidation }>
  /**
   * Removes every entry of the id, here and in the caches of `also`. With `version` an entry that is at least as new
   * stays. Never throws for a Redis that is away: the removal is deferred.
   */
  invalidate(id: string, options?: { version?: number; also?: Keyed[] }): Promise<Invalidation>
  /**
   * What stands at the key of an id, at one moment of Redis. Loads nothing and changes nothing: for whoever looks after
   * the cache, not for answers.
   *
   * @throws what Redis throws, or an Error where it does not answer within `cacheTimeoutMs`
   * @throws {TypeError} for an id that is empty or no well-formed Unicode
   */
  inspect(id: string): Promise<Inspected>
  /**
   * The ids that Redis holds something for, by SCAN: in no order, and one that was yielded may come again. Other keys of
   * the same Redis are looked at as well, so it costs Redis as much as there are keys, in steps of 500.
   *
   * @param options.atMost about how many keys it looks at. @default 100_000
   * @param options.anywhere begins at a random place, so that many short walks come everywhere; a walk that is long
   *   enough has seen every key all the same. @default false
   * @throws what Redis throws, or an Error where a step takes longer than a second
   */
  scan(options?: { atMost?: number; anywhere?: boolean }): AsyncGenerator<string, void, undefined>
  /** The key under which Redis holds the entry of an id. */
  key(id: string): string
}

/**
 * What stands at a key: nothing; an entry that is `fresh`, or knows while it is fresh that the id is `absent`; one that is
 * `stale`, or `refreshing` while a caller holds the lease to replace it; a lease alone while a caller is `loading`, or the
 * mark that a load has `failed` a moment ago; or what no reader takes for an entry (`unreadable`: of another type or
 * schema, or cut short). What this cache keeps beside an entry of another schema is not looked at.
 */
export type EntryState =
  | 'nothing'
  | 'fresh'
  | 'absent'
  | 'stale'
  | 'refreshing'
  | 'loading'
  | 'failed'
  | 'unreadable'

/** What {@link CacheAside.inspect} finds. Durations are milliseconds. */
export interface Inspected {
  state: EntryState
  /** Of the value; of an entry only, as all that follows but `expires` and `bytes`. */
  version?: number
  /** When the load of the value began, since the epoch, by the loader's clock. */
  loadedAt?: number
  /** Since then, by this clock. */
  age?: number
  /** For how long it stays fresh; 0 or below where it is stale. */
  ttl?: number
  /** When the value ends, ms since the epoch; undefined where it does not. */
  until?: number | undefined
  /** The value's JSON text; undefined where the entry says that nothing exists. */
  body?: string | undefined
  /** Until Redis drops the key. Not there where it never does. */
  expires?: number
  /** The length of what stands at the key, where it is text. */
  bytes?: number
}

/** What {@link CacheAside.warm} did: how many ids it filled, found fresh or being filled by another, and could not load. */
export interface Warmed {
  filled: number
  fresh: number
  failed: { id: string; error: Error }[]
}

/** A shard of Redis is not asked any more (`open`), or asked again (`closed`). Told once, by the cache whose command it was. */
export interface BreakerEvent {
  name: string
  type: 'breaker'
  /** The address of its master. */
  shard: string
  state: 'open' | 'closed'
  /** What opened it. */
  error?: unknown
}

/** Everything a cache decides. Durations are milliseconds. */
export type CacheEvent = BreakerEvent | EntryEvent

/** What a cache decides of one id. */
export type EntryEvent = { name: string; id: string } & (
  | { type: 'hit'; age: number }
  | { type: 'miss' }
  | { type: 'collapsed'; waited: number }
  | { type: 'stale'; age: number; detail?: string }
  | { type: 'bypass'; detail: string; error?: unknown }
  | { type: 'fallback'; age: number }
  | { type: 'overloaded' }
  | { type: 'load'; duration: number; version: number }
  | { type: 'load-failed'; duration: number; error: unknown }
  | { type: 'fill'; stored: boolean }
  | { type: 'removal'; outcome: Invalidation; error?: unknown }
  | { type: 'removal-forgotten' }
)
