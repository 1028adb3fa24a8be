import type { CacheResult, CacheStatus } from './contract.ts'
import { decodeEntry, decodeLease, type Entry, type Identity, StoredResult } from './entry.ts'
import type { Context } from './index.ts'
import type { Fresh } from './load.ts'
import { CacheTimeout, RedisBudget } from './timeLimit.ts'

/** What one call for one id works with. */
export interface Call<V> {
  cache: Context<V>
  id: string
  key: string
  identity: Identity
  redis: RedisBudget
  /** When the caller's time is over, by performance.now(). */
  deadline: number
  /** A stale entry that this very call has found, for when loading fails. */
  stale?: Entry
}

export function newCall<V>(cache: Context<V>, id: string, deadline: number, redis?: RedisBudget): Call<V> {
  const { schema, cacheTimeoutMs } = cache.options
  return {
    cache,
    id,
    key: cache.key(id),
    identity: { schema, id },
    redis: redis ?? new RedisBudget(Math.min(cacheTimeoutMs, deadline - performance.now())),
    deadline,
  }
}

/** What stands at a key: an entry, the token of a bare lease, or nothing of use. */
export interface Found {
  entry?: Entry
  lease?: string
}

export function look<V>(call: Call<V>, raw: string): Found {
  const entry = decodeEntry(call.identity.schema, call.id, raw)
  if (entry) {
    if (!isFresh(entry)) call.stale = entry
    return { entry }
  }
  const lease = decodeLease(raw)
  return lease === undefined ? {} : { lease }
}

/** Clamped at zero, for the loader's clock may be ahead of this one. */
export const ageOf = ({ loadedAt }: { loadedAt: number }, now = Date.now()) => Math.max(0, now - loadedAt)
export const isFresh = (entry: Entry) => ageOf(entry) < entry.freshMs

/** Something with Redis went wrong that the database can make good. */
export class CacheFailed extends Error {
  readonly detail: string
  constructor(detail: string, cause?: unknown) {
    super(detail, { cause })
    this.detail = detail
  }
}

/** Somebody put something of another type at the key: bad content, and no failure of Redis. */
export const isWrongType = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('WRONGTYPE')

/** What a failed command means for the call, after the breaker has been told. */
export function cacheFailed<V>({ breaker }: Context<V>, error: unknown): CacheFailed {
  if (error instanceof CacheFailed) return error
  breaker.failed(error)
  return new CacheFailed(error instanceof CacheTimeout ? 'redis-timeout' : 'redis-error', error)
}

/**
 * Awaits a command within what the call may still spend on Redis.
 *
 * @throws {CacheFailed} when it fails or takes too long
 */
export async function ask<V, T>({ cache, redis }: Call<V>, command: Promise<T>): Promise<T> {
  try {
    const answer = await redis.spend(command)
    cache.breaker.succeeded()
    return answer
  } catch (error) {
    throw cacheFailed(cache, error)
  }
}

/** An answer from the text in Redis. */
export function stored<V>({ cache, id }: Call<V>, entry: Entry, status: CacheStatus): CacheResult<V> {
  const age = ageOf(entry)
  if (age >= entry.freshMs) {
    cache.emit?.({ type: 'stale', id, age, ...(status.detail !== undefined && { detail: status.detail }) })
  }
  // Below 0 where it is stale.
  status.ttl = Math.floor((entry.freshMs - age) / 1000)
  return new StoredResult<V>(entry, age, status)
}

/** An answer from a load. */
export const loaded = <V>(
  { value, body, version, loadedAt }: Fresh<V>,
  status: CacheStatus,
): CacheResult<V> => ({
  value,
  body,
  version,
  age: ageOf({ loadedAt }),
  status,
})
