import {
  ageOf,
  ask,
  CacheFailed,
  type Call,
  cacheFailed,
  isFresh,
  isWrongType,
  look,
  newCall,
} from './call.ts'
import type { CacheResult } from './contract.ts'
import { decodeEntry, type Entry, StoredResult } from './entry.ts'
import type { Context } from './index.ts'
import { bypass, miss, read } from './miss.ts'
import type { Read } from './reads.ts'
import { RedisBudget } from './timeLimit.ts'

/** One `get`. A hit is this function alone: one command, no copy, no parse. */
export function get<V>(cache: Context<V>, id: string, budgetMs: number): Promise<CacheResult<V>> {
  const key = cache.key(id)
  if (cache.breaker.isOpen || cache.removals.owes(key) || budgetMs < cache.options.cacheTimeoutMs) {
    return carefully(newCall(cache, id, performance.now() + budgetMs))
  }
  const read = cache.reads.begin(key)
  return read.answer.then(
    (raw) => {
      cache.reads.end(read)
      cache.breaker.succeeded()
      if (raw !== null) {
        const entry = decodeEntry(cache.options.schema, id, raw)
        if (entry) {
          const age = ageOf(entry)
          if (age < entry.freshMs) return hit(cache, id, entry, age)
        }
      }
      const call = callAfter(cache, id, read, budgetMs)
      return miss(call, look(call, raw ?? ''))
    },
    (error: unknown) => {
      cache.reads.end(read)
      const call = callAfter(cache, id, read, budgetMs)
      return isWrongType(error) ? miss(call, {}) : bypass(call, cacheFailed(cache, error))
    },
  )
}

/** The call that goes on after its first read. */
function callAfter<V>(cache: Context<V>, id: string, read: Read, budgetMs: number): Call<V> {
  const elapsed = cache.reads.elapsed(read)
  const left = new RedisBudget(cache.options.cacheTimeoutMs - elapsed)
  return newCall(cache, id, performance.now() + budgetMs - elapsed, left)
}

/** The answer of a fresh entry. */
export function hit<V>(cache: Context<V>, id: string, entry: Entry, age: number): CacheResult<V> {
  cache.emit?.({ type: 'hit', id, age })
  return new StoredResult<V>(entry, age, { hit: true, ttl: Math.floor((entry.freshMs - age) / 1000) })
}

/** A `get` when something is to be done before Redis is read: try whether it is back, or deliver a removal. */
async function carefully<V>(call: Call<V>): Promise<CacheResult<V>> {
  const { cache, id } = call
  try {
    await prepare(call)
    const found = await read(call)
    if (found.entry && isFresh(found.entry)) return hit(cache, id, found.entry, ageOf(found.entry))
    return await miss(call, found)
  } catch (error) {
    if (error instanceof CacheFailed) return bypass(call, error)
    throw error
  }
}

/**
 * Makes sure that Redis may be read for this key.
 *
 * @throws {CacheFailed} when it may not
 */
export async function prepare<V>(call: Call<V>): Promise<void> {
  const { cache, key } = call
  if (cache.breaker.isOpen) {
    if (!cache.breaker.mayProbe()) throw new CacheFailed('redis-away')
    // A write: a Redis that cannot be invalidated must not be read. In the key's own slot, thus of the right shard.
    await ask(call, cache.redis.set(`${key}:probe`, '', 'PX', 1))
    cache.breaker.close()
  }
  if (cache.removals.owes(key)) await ask(call, cache.removals.deliver(key))
}
