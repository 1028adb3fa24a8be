import { Cluster } from 'ioredis'
import { isWrongType, repliesOf } from './ask.ts'
import { type Call, hit, type Miss, newCall, newMiss } from './call.ts'
import type { Context } from './context.ts'
import { LoadFailed } from './errors.ts'
import type { Breaker } from './guards/breaker.ts'
import { decodeEntry, freshFor } from './redis/entry.ts'
import { resolve } from './resolve.ts'
import { failure } from './result.ts'
import type { CacheResult } from './types.ts'
import { look, readWarily } from './wary.ts'

/** One `get`. A hit is this function alone: one command, no copy, no parse. */
export function get<V>(cache: Context<V>, id: string, budgetMs: number): Promise<CacheResult<V>> {
  let key: string
  try {
    key = cache.key(id)
  } catch (error) {
    return Promise.reject(error)
  }
  const { shards, reads, options, begun } = cache
  // Where not all is calm, the shard of this key may be so all the same.
  let shard: Breaker | undefined
  if (!(shards.calm && reads.areWatched)) {
    shard = shards.of(key)
    if (shard.calmUntil <= performance.now() || cache.owed.has(key))
      return getWarily(cache, id, key, budgetMs)
  }
  // Half of the caller's time has to do for a connection that may have to be made, and for the answer.
  if (budgetMs < 2 * (options.connectMs + options.cacheTimeoutMs)) return getWarily(cache, id, key, budgetMs)
  const read = reads.begin(key)
  return read.answer.then(
    (raw) => {
      reads.end(read)
      if (shard) cache.answered(shard)
      if (raw !== null) {
        const entry = decodeEntry(options.schema, id, raw)
        if (entry) {
          const now = Date.now()
          const freshMs = freshFor(entry, now)
          if (freshMs > 0) return hit(cache, id, entry, now, freshMs)
        }
      }
      const call = newCall(cache, begun, budgetMs, reads.elapsed(read), reads.connecting(read))
      return goOn(call, newMiss(call, id, key), raw)
    },
    (error: Error) => {
      reads.end(read)
      const call = newCall(cache, begun, budgetMs, reads.elapsed(read), reads.connecting(read))
      const miss = newMiss(call, id, key)
      if (isWrongType(error)) return goOn(call, miss, null)
      cache.failed(miss.shard, error)
      return goOn(call, miss, error)
    },
  )
}

/** A `get` whose shard has to be looked at before its answer is believed, or whose caller has little time. */
async function getWarily<V>(
  cache: Context<V>,
  id: string,
  key: string,
  budgetMs: number,
): Promise<CacheResult<V>> {
  const call = newCall(cache, cache.begun, budgetMs)
  const miss = newMiss(call, id, key)
  await readWarily(call, [miss])
  return answered(call, miss)
}

function goOn<V>(call: Call<V>, miss: Miss<V>, reply: string | null | Error): Promise<CacheResult<V>> {
  look(call, miss, reply)
  return answered(call, miss)
}

/** Sees to it that a miss has an answer. @throws its error */
async function answered<V>(call: Call<V>, miss: Miss<V>): Promise<CacheResult<V>> {
  if (!miss.answer) await resolve(call, [miss])
  const answer = miss.answer as CacheResult<V>
  if (answer.error) throw answer.error
  return answer
}

/**
 * Many `get`s at once, in as few round trips as one. Every id keeps its own lease, its own answer and its own error. An
 * id that is asked for twice is read twice, which is cheaper than to look for one each time, and loaded once.
 */
export async function getMany<V>(
  cache: Context<V>,
  ids: readonly string[],
  budgetMs: number,
): Promise<CacheResult<V>[]> {
  const call = { ...newCall(cache, cache.begun, budgetMs), loadMany: cache.options.loadMany }
  const misses = new Map<string, Miss<V>>()
  const missOf = (id: string) => {
    const miss = misses.get(id) ?? newMiss(call, id)
    misses.set(id, miss)
    return miss
  }
  const hits = ids.length > 0 && isOne(cache) ? await readHits(call, ids, misses, missOf) : []
  if (hits.length === 0) {
    ids.forEach(missOf)
    await readWarily(call, [...misses.values()])
  }
  if (misses.size === 0) return hits as CacheResult<V>[]
  await resolve(call, [...misses.values()])
  const answers = ids.map((id, at) => hits[at] ?? (misses.get(id)?.answer as CacheResult<V>))
  return renewed(call, ids, answers)
}

/**
 * A list is answered when its slowest id is: what has ended by then is asked for once more. Where that has ended as well
 * while others were waited for, there is no answer in time.
 */
async function renewed<V>(
  call: Call<V>,
  ids: readonly string[],
  answers: CacheResult<V>[],
): Promise<CacheResult<V>[]> {
  const now = Date.now()
  const hasEnded = (answer: CacheResult<V>, at = now) => answer.until !== undefined && answer.until <= at
  const ended = new Set(ids.filter((_, at) => hasEnded(answers[at] as CacheResult<V>)))
  if (ended.size === 0) return answers
  const again = {
    ...newCall(call.cache, call.cache.begun, call.deadline - performance.now()),
    loadMany: call.loadMany,
  }
  const misses = new Map([...ended].map((id) => [id, newMiss(again, id)]))
  await readWarily(again, [...misses.values()])
  await resolve(again, [...misses.values()])
  const late = Date.now()
  return ids.map((id, at) => {
    const answer = (misses.get(id)?.answer ?? answers[at]) as CacheResult<V>
    return hasEnded(answer, late) ? failure(new LoadFailed(id, new Error('its value ends at once'))) : answer
  })
}

/** Whether all is calm on a single server, so that one command reads everything. */
const isOne = <V>({ redis, shards }: Context<V>): boolean =>
  !(redis instanceof Cluster) && shards.look(performance.now())

/** Reads all ids by one command. A hit lies where its id does; what is no hit is added to `misses`, by `missOf`. */
async function readHits<V>(
  call: Call<V>,
  ids: readonly string[],
  misses: Map<string, Miss<V>>,
  missOf: (id: string) => Miss<V>,
): Promise<(CacheResult<V> | undefined)[]> {
  const { cache } = call
  const { schema } = cache.options
  const all = cache.redis.mget(ids.map(cache.key))
  const replies = await repliesOf(call, cache.shards.of(''), all, ids.length)
  const now = Date.now()
  const hits: (CacheResult<V> | undefined)[] = new Array(ids.length)
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at] as string
    const reply = replies[at] ?? null
    const entry = typeof reply === 'string' ? decodeEntry(schema, id, reply) : undefined
    const freshMs = entry ? freshFor(entry, now) : 0
    if (entry && freshMs > 0) hits[at] = hit(cache, id, entry, now, freshMs)
    // One that is asked for twice is one miss.
    else if (!misses.has(id)) look(call, missOf(id), reply)
  }
  return hits
}
