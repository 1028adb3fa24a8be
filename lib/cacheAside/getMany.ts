import { Cluster } from 'ioredis'
import { createHit } from './answer.ts'
import { awaitReplies } from './ask.ts'
import { type Call, type Miss, newCall, newMiss } from './call.ts'
import { readChecked, takeReply } from './checkedRead.ts'
import type { Context } from './context.ts'
import { expiredTwice } from './errors.ts'
import { freshMsLeft } from './freshness.ts'
import { decodeEntry } from './redis/entry.ts'
import { resolve } from './resolve.ts'
import { failedResult } from './result.ts'
import type { CacheResult } from './types.ts'

/**
 * Answers many ids at once, in as few round trips as one id takes. Every id has its own lease, answer and
 * error. An id that is asked for twice is loaded once but read twice, because that is cheaper than a search
 * for duplicates in each call.
 */
export async function getMany<V>(
  cache: Context<V>,
  ids: readonly string[],
  budgetMs: number,
): Promise<CacheResult<V>[]> {
  const call = { ...newCall(cache, cache.loadsStarted, budgetMs), loadMany: cache.options.loadMany }
  const misses = new Map<string, Miss<V>>()
  const addMiss = (id: string) => {
    const miss = misses.get(id) ?? newMiss(call, id)
    misses.set(id, miss)
    return miss
  }
  const hits = ids.length > 0 && canReadByOneCommand(cache) ? await readHits(call, ids, misses, addMiss) : []
  if (hits.length === 0) {
    ids.forEach(addMiss)
    await readChecked(call, [...misses.values()])
  }
  if (misses.size === 0) return hits as CacheResult<V>[]
  await resolve(call, [...misses.values()])
  const answers = ids.map((id, index) => hits[index] ?? (misses.get(id)?.answer as CacheResult<V>))
  return renewExpired(call, ids, answers)
}

/**
 * Asks once more for values that have expired, because the list is answered only when its slowest id is. If
 * the second value of an id expires too while the call waits for other ids, the id has no answer in time.
 */
async function renewExpired<V>(
  call: Call<V>,
  ids: readonly string[],
  answers: CacheResult<V>[],
): Promise<CacheResult<V>[]> {
  const now = Date.now()
  const hasExpired = (answer: CacheResult<V>, at = now) => answer.until !== undefined && answer.until <= at
  const expired = new Set(ids.filter((_, index) => hasExpired(answers[index] as CacheResult<V>)))
  if (expired.size === 0) return answers
  const secondCall = {
    ...newCall(call.cache, call.cache.loadsStarted, call.deadline - performance.now()),
    loadMany: call.loadMany,
  }
  const misses = new Map([...expired].map((id) => [id, newMiss(secondCall, id)]))
  await readChecked(secondCall, [...misses.values()])
  await resolve(secondCall, [...misses.values()])
  const renewedAt = Date.now()
  return ids.map((id, index) => {
    const answer = (misses.get(id)?.answer ?? answers[index]) as CacheResult<V>
    return hasExpired(answer, renewedAt) ? failedResult(expiredTwice(id)) : answer
  })
}

/** Whether one command can read everything: on a single server that is healthy. */
const canReadByOneCommand = <V>({ redis, shards }: Context<V>): boolean =>
  !(redis instanceof Cluster) && shards.refreshHealth(performance.now())

/**
 * Reads all ids by one command. Returns each hit at the index of its id, and adds every other id by
 * `addMiss`.
 */
async function readHits<V>(
  call: Call<V>,
  ids: readonly string[],
  misses: Map<string, Miss<V>>,
  addMiss: (id: string) => Miss<V>,
): Promise<(CacheResult<V> | undefined)[]> {
  const { cache } = call
  const { schema } = cache.options
  const sent = cache.redis.mget(ids.map(cache.key))
  const replies = await awaitReplies(call, cache.shards.of(''), sent, ids.length)
  const now = Date.now()
  const hits: (CacheResult<V> | undefined)[] = new Array(ids.length)
  for (let index = 0; index < ids.length; index++) {
    const id = ids[index] as string
    const reply = replies[index] ?? null
    const entry = typeof reply === 'string' ? decodeEntry(schema, id, reply) : undefined
    const freshMs = entry ? freshMsLeft(entry, now) : 0
    if (entry && freshMs > 0) hits[index] = createHit(cache, id, entry, now, freshMs)
    // An id that is asked for twice is one miss.
    else if (!misses.has(id)) takeReply(call, addMiss(id), reply)
  }
  return hits
}
