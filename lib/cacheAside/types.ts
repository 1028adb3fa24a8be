import type { LoadFailed, Overloaded } from './errors.ts'

/**
 * What a load found: a value and its version. `undefined`, or a `value` of `undefined`, means that the id
 * does not exist.
 *
 * `until` is for a value that expires at an instant, such as a price that is valid for a limited time. It is in
 * milliseconds since the epoch. From then on the cache serves the value neither fresh nor stale, whatever the
 * other options allow; the clock of the answering process decides. `until` must be later than the start of
 * the load, because a load must not return a value that has already expired.
 */
export type Loaded<V> = { value: V | undefined; version: number; until?: number | undefined } | undefined

/**
 * The outcome of a removal. `deferred` means that Redis did not confirm it. This process delivers it later,
 * unless the process ends first, or forgets it because too many others wait (the event `removal-forgotten`).
 */
export type Invalidation = 'done' | 'deferred'

/** How the cache handled a request, in the terms of RFC 9211 (Cache-Status). */
export interface CacheStatus {
  /** Whether the answer came from the cache. */
  hit: boolean
  /**
   * Why the request went forward to the database:
   * - `uri-miss`: the cache held nothing for the id.
   * - `stale`: the cache held a stale entry. If `ttl` is negative, the answer is that stale value, otherwise
   *   a new one.
   * - `bypass`: the cache was not used.
   */
  fwd?: 'uri-miss' | 'stale' | 'bypass'
  /** Whether the loaded value is now in the cache. */
  stored?: boolean
  /** Whether the call did no load of its own because another caller loads, or has loaded, the same id. */
  collapsed?: boolean
  /** For how many seconds the entry stays fresh; negative if the entry is stale. */
  ttl?: number
  /**
   * What went wrong:
   * - `redis-timeout`: Redis did not reply in time.
   * - `redis-error`: Redis replied with an error.
   * - `redis-away`: the shard is known to be away, and was not asked.
   * - `wait-timeout`: another caller's load took too long.
   * - `load-failed`: the load failed, and the answer is a stale value.
   * - `fallback`: the answer is this process's own last load.
   */
  detail?: string
}

/** The answer for one id. `value` and `body` are undefined if the id does not exist. */
export interface CacheResult<V> {
  /** The value. It is parsed from `body` on first access, and deeply frozen. */
  readonly value: V | undefined
  /** The value as JSON text, byte for byte as it was stored. */
  readonly body: string | undefined
  /** The length of `body` in UTF-8 bytes. On a hit it is known without counting. */
  readonly bytes: number
  /** The version that the load returned; 0 if the id never existed. */
  readonly version: number
  /** Milliseconds since the load of this value began. */
  readonly age: number
  /** When the value expires, in ms since the epoch; undefined if the load returned no `until`. */
  readonly until?: number | undefined
  /** How the cache got this answer. */
  readonly status: CacheStatus
  /** Why this id has no answer. Only `getMany` sets it. */
  readonly error?: LoadFailed | Overloaded
}

/** The part of a cache that another cache needs to remove its entries too. */
export type Keyed = Pick<CacheAside<unknown>, 'key'>

/** A cache, as {@link createCacheAside} returns it. */
export interface CacheAside<V> {
  /**
   * Returns the value of an id, from the cache or else from the database.
   *
   * @param options.budgetMs how much of the caller's own time is left; it bounds all waiting and loading
   * @throws {LoadFailed} if the load failed and the cache holds nothing that it can serve instead
   * @throws {Overloaded} if too many loads are already running for this one to start in time
   * @throws {TypeError} if the id is empty or not well-formed Unicode
   */
  get(id: string, options?: { budgetMs?: number }): Promise<CacheResult<V>>
  /**
   * Returns the values of many ids, in the order of `ids`; duplicates are allowed. It takes one round trip to
   * read them (in a cluster, one for each shard), one to take the leases of the misses, one `loadMany`, and
   * one to fill. An id that cannot be answered carries its `error`; the other ids are still answered.
   *
   * @param options.budgetMs how much of the caller's own time is left; it bounds all waiting and loading
   * @throws {TypeError} if an id is empty or not well-formed Unicode
   */
  getMany(ids: readonly string[], options?: { budgetMs?: number }): Promise<CacheResult<V>[]>
  /**
   * Fills what is missing or stale, and leaves fresh entries untouched. It never throws for an id that cannot
   * be loaded.
   *
   * @throws {TypeError} if an id is empty or not well-formed Unicode
   */
  warm(ids: readonly string[]): Promise<Warmed>
  /**
   * Runs `commit`, which changes the database. Then removes every entry of the id, in this cache and in the
   * caches of `also`. One atomic command removes them all, unless a slot of the cluster is moving: the entries
   * are then removed one by one. Resolves with the properties of what `commit` returned, and `invalidation`.
   *
   * If `commit` throws, `write` still removes the entries, because a timeout can hide a commit. Then it
   * throws the same error; an error object also carries `invalidation`.
   *
   * @param options.also other caches on the same Redis, with the same prefix, that show the same row
   * @param options.mayHaveCommitted called when `commit` has thrown. If it returns false, nothing is removed.
   *   Without it, refused writes remove entries too, so a client whose writes are always refused keeps those
   *   ids out of the cache.
   * @throws what `commit` throws
   * @throws {TypeError} if the id is empty or not well-formed Unicode; nothing is written
   */
  write<T extends object>(
    id: string,
    commit: () => Promise<T>,
    options?: { also?: Keyed[]; mayHaveCommitted?: () => boolean },
  ): Promise<T & { invalidation: Invalidation }>
  /**
   * Removes every entry of the id, in this cache and in the caches of `also`. With a `version`, entries of at
   * least that version stay. It does not throw if Redis is away: the removal is then deferred.
   *
   * @throws {TypeError} if the id is empty or not well-formed Unicode, or `version` is not a safe integer
   *   from 0
   */
  invalidate(id: string, options?: { version?: number; also?: Keyed[] }): Promise<Invalidation>
  /**
   * Reports what Redis holds for an id at one moment. It loads nothing and changes nothing. It is for
   * operating the cache, not for answering requests.
   *
   * @throws what Redis throws, or an Error if Redis does not reply within `cacheTimeoutMs`
   * @throws {TypeError} if the id is empty or not well-formed Unicode
   */
  inspect(id: string): Promise<Inspected>
  /**
   * Yields the ids that Redis holds something for, by SCAN. The ids come in no particular order, and an id can
   * come more than once. SCAN visits the other keys of the same Redis too, so the cost grows with the number
   * of all keys. It runs in steps of 500 keys.
   *
   * @param options.atMost about how many keys to visit. @default 100_000
   * @param options.anywhere starts at a random place, so that many short scans together cover everything. A
   *   long enough scan still visits every key. @default false
   * @throws what Redis throws, or an Error if a step takes longer than a second
   */
  scan(options?: { atMost?: number; anywhere?: boolean }): AsyncGenerator<string, void, undefined>
  /** Returns the key under which Redis holds the entry of an id. */
  key(id: string): string
}

/**
 * What Redis holds under a key:
 * - `nothing`: no such key.
 * - `fresh`: an entry within its ttl.
 * - `absent`: a fresh entry which says that the id does not exist.
 * - `stale`: an entry past its ttl.
 * - `refreshing`: a stale entry, and a caller holds the lease to replace it.
 * - `loading`: a lease without an entry.
 * - `failed`: the mark of a load that failed a moment ago.
 * - `unreadable`: content that no reader accepts as an entry: it has another type or schema, or it is
 *   truncated.
 *
 * The side key, which holds this cache's entry while an entry of another schema is fresh, is not inspected.
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

/**
 * What {@link CacheAside.inspect} found. Durations are in milliseconds. Only an entry has `version`,
 * `loadedAt`, `age`, `ttl`, `until` and `body`.
 */
export interface Inspected {
  state: EntryState
  /** The version of the value. */
  version?: number
  /** When the load of the value began, in ms since the epoch, by the loader's clock. */
  loadedAt?: number
  /** How long ago that load began, by this process's clock. */
  age?: number
  /** How long the entry stays fresh; 0 or negative if it is stale. */
  ttl?: number
  /** When the value expires, in ms since the epoch; undefined if it never does. */
  until?: number | undefined
  /** The value's JSON text; undefined if the entry says that the id does not exist. */
  body?: string | undefined
  /** How long until Redis drops the key. Missing if Redis never drops it. */
  expires?: number
  /** The length in bytes of the text under the key. Missing if the key holds another type. */
  bytes?: number
}

/**
 * What {@link CacheAside.warm} did. `fresh` counts the ids that were fresh already or that another caller was
 * filling. `failed` lists the ids that could not be loaded or stored.
 */
export interface Warmed {
  filled: number
  fresh: number
  failed: { id: string; error: Error }[]
}
