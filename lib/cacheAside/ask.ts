import { Cluster } from 'ioredis'
import { type Call, getBudget, type Miss } from './call.ts'
import type { Breaker } from './guards/breaker.ts'
import { CacheTimeout, replyWithin } from './guards/timeout.ts'
import { getShardFailure, isWrongType, refusesWrites } from './redis/errors.ts'

/** A reply, or the error in its place. */
export type Reply<T> = T | Error

interface AskOptions {
  /** Returns whether a reply proves that the shard takes writes. */
  provesWrites?: (reply: unknown) => boolean
  /**
   * Whether the time counts as the call's time on Redis. False while the call polls for another caller's
   * load. @default true
   */
  drawsOnBudget?: boolean
  /**
   * Whether the breaker counts a failure. False if a read that counts is sent at the same time. A refused
   * write always counts. @default true
   */
  countsForBreaker?: boolean
}

/**
 * Sends a command for each miss, in one round trip to each shard, and records the outcome once for each
 * shard's breaker.
 *
 * @returns the replies, in the order of the misses
 */
export async function ask<V, T>(
  call: Call<V>,
  misses: Miss<V>[],
  command: (miss: Miss<V>, index: number) => Promise<T>,
  options: AskOptions = {},
): Promise<Reply<T>[]> {
  const replies: Reply<T>[] = []
  const uncork = misses.length > 1 ? call.cache.shards.cork() : undefined
  const asked = Promise.all(
    groupByShard(misses).map(async ([shard, indexes]) => {
      const send = (index: number) => command(misses[index] as Miss<V>, index).catch(toError)
      const sent = Promise.all(indexes.map(send))
      const shardReplies = await awaitReplies(call, shard, sent, indexes.length, options)
      indexes.forEach((index, position) => {
        replies[index] = shardReplies[position] as Reply<T>
      })
    }),
  )
  uncork?.()
  await asked
  return replies
}

/** Reads the text under each key; null also for a key that holds another type. */
export async function readKeys<V>(
  call: Call<V>,
  misses: Miss<V>[],
  options: AskOptions = {},
): Promise<Reply<string | null>[]> {
  const { redis } = call.cache
  const [first] = misses
  if (!first) return []
  // MGET is parsed once; many GETs are parsed one by one.
  if (misses.length > 1 && !(redis instanceof Cluster)) {
    const sent = redis.mget(misses.map(({ key }) => key))
    return awaitReplies(call, first.shard, sent, misses.length, options)
  }
  const replies = await ask(call, misses, ({ key }) => redis.get(key), options)
  return replies.map((reply) => (isWrongType(reply) ? null : reply))
}

/**
 * Waits for the replies of one shard, within the call's budget for it, and records the outcome for its
 * breaker.
 */
export async function awaitReplies<V, T>(
  call: Call<V>,
  shard: Breaker,
  sent: Promise<Reply<T>[]>,
  count: number,
  { provesWrites, drawsOnBudget = true, countsForBreaker = true }: AskOptions = {},
): Promise<Reply<T>[]> {
  const budget = getBudget(call, shard)
  const begun = shard.clock()
  const limit = budget.left(begun)
  if (drawsOnBudget) budget.begin(begun)
  // The call waits for a connection only in the first half of the caller's time.
  const deadline = Math.max(call.connectUntil, performance.now() + limit)
  const replies = await replyWithin(limit, sent, shard, deadline).catch((error: Error): Error[] =>
    Array.from({ length: count }, () => error),
  )
  const failure = getShardFailure(replies)
  const ended = shard.clock()
  if (drawsOnBudget) budget.end(ended)
  else if (failure) budget.draw(ended - begun)
  const { cache } = call
  if (!failure) {
    if (provesWrites && replies.some(provesWrites)) cache.recordWrite(shard)
    else cache.recordReply(shard)
  } else if (
    refusesWrites(failure) ||
    (countsForBreaker && !hadTooLittleTime(failure, ended - begun, cache.options.cacheTimeoutMs))
  )
    cache.recordFailure(shard, failure)
  return replies
}

/**
 * Whether a timeout says nothing about the shard, because the call had less than half of the time limit left
 * for it.
 */
const hadTooLittleTime = (failure: Error, waitedMs: number, cacheTimeoutMs: number): boolean =>
  failure instanceof CacheTimeout && waitedMs < cacheTimeoutMs / 2

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Groups the indexes of the misses by shard. */
function groupByShard(misses: Miss<unknown>[]): [Breaker, number[]][] {
  const shards = new Map<Breaker, number[]>()
  misses.forEach(({ shard }, index) => {
    const known = shards.get(shard)
    if (known) known.push(index)
    else shards.set(shard, [index])
  })
  return [...shards]
}
