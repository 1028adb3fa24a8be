import { createHit } from './answer.ts'
import { type Call, type Miss, newCall, newMiss } from './call.ts'
import { readChecked, takeReply } from './checkedRead.ts'
import type { Context } from './context.ts'
import { freshMsLeft } from './freshness.ts'
import type { Breaker } from './guards/breaker.ts'
import { decodeEntry } from './redis/entry.ts'
import { isWrongType } from './redis/errors.ts'
import { resolve } from './resolve.ts'
import type { CacheResult } from './types.ts'

/** Answers one `get`. A hit takes this function alone: one command, no copy, no parse. */
export function get<V>(cache: Context<V>, id: string, budgetMs: number): Promise<CacheResult<V>> {
  let key: string
  try {
    key = cache.key(id)
  } catch (error) {
    return Promise.reject(error)
  }
  const { shards, reads, options, loadsStarted } = cache
  // If not all shards are known to be healthy, the shard of this key may still be.
  let shard: Breaker | undefined
  if (!(shards.isHealthy && reads.hasPending)) {
    shard = shards.of(key)
    if (shard.healthyUntil <= performance.now() || cache.outbox.has(key))
      return getChecked(cache, id, key, budgetMs)
  }
  // The fast path needs time: half of the budget must cover connecting and one reply.
  if (budgetMs < 2 * (options.connectMs + options.cacheTimeoutMs)) return getChecked(cache, id, key, budgetMs)
  const read = reads.begin(key)
  return read.reply.then(
    (raw) => {
      reads.end(read)
      if (shard) cache.recordReply(shard)
      if (raw !== null) {
        const entry = decodeEntry(options.schema, id, raw)
        if (entry) {
          const now = Date.now()
          const freshMs = freshMsLeft(entry, now)
          if (freshMs > 0) return createHit(cache, id, entry, now, freshMs)
        }
      }
      const call = newCall(cache, loadsStarted, budgetMs, reads.elapsedMs(read), reads.connectingMs(read))
      return resolveReply(call, newMiss(call, id, key), raw)
    },
    (error: Error) => {
      reads.end(read)
      const call = newCall(cache, loadsStarted, budgetMs, reads.elapsedMs(read), reads.connectingMs(read))
      const miss = newMiss(call, id, key)
      if (isWrongType(error)) return resolveReply(call, miss, null)
      cache.recordFailure(miss.shard, error)
      return resolveReply(call, miss, error)
    },
  )
}

/** Answers a `get` whose shard has to be checked first, or whose caller has little time. */
async function getChecked<V>(
  cache: Context<V>,
  id: string,
  key: string,
  budgetMs: number,
): Promise<CacheResult<V>> {
  const call = newCall(cache, cache.loadsStarted, budgetMs)
  const miss = newMiss(call, id, key)
  await readChecked(call, [miss])
  return resolveMiss(call, miss)
}

function resolveReply<V>(
  call: Call<V>,
  miss: Miss<V>,
  reply: string | null | Error,
): Promise<CacheResult<V>> {
  takeReply(call, miss, reply)
  return resolveMiss(call, miss)
}

/** Returns the answer of a miss. @throws the error of the answer */
async function resolveMiss<V>(call: Call<V>, miss: Miss<V>): Promise<CacheResult<V>> {
  if (!miss.answer) await resolve(call, [miss])
  const answer = miss.answer as CacheResult<V>
  if (answer.error) throw answer.error
  return answer
}
