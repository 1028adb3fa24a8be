import { Cluster } from 'ioredis'
import { budgetOf, type Call, type Miss } from './call.ts'
import { heardWithin } from './guards/attention.ts'
import { type Breaker, refusesWrites } from './guards/breaker.ts'
import { CacheTimeout } from './guards/budget.ts'

/** A reply, or the error in its place. */
export type Reply<T> = T | Error

/** How commands are asked. */
interface Asking {
  /** Whether a reply shows that the shard takes writes. */
  proves?: (reply: unknown) => boolean
  /** Whether what it takes counts as the call's time on Redis. It does not while the call waits for another caller. @default true */
  counts?: boolean
  /** Whether a failure counts with the breaker. It does not where a read leaves beside it, which counts; a refusal of writes always does. @default true */
  isJudged?: boolean
}

/**
 * Sends a command for each miss, in one round trip to each shard, and tells each shard's breaker once what became of it.
 *
 * @returns the replies in the order of the misses
 */
export async function ask<V, T>(
  call: Call<V>,
  misses: Miss<V>[],
  command: (miss: Miss<V>, place: number) => Promise<T>,
  how: Asking = {},
): Promise<Reply<T>[]> {
  const replies: Reply<T>[] = []
  const uncork = misses.length > 1 ? call.cache.shards.cork() : undefined
  const asked = Promise.all(
    byShard(misses).map(async ([shard, places]) => {
      const send = (place: number) => command(misses[place] as Miss<V>, place).catch(asError)
      const sent = Promise.all(places.map(send))
      const got = await repliesOf(call, shard, sent, places.length, how)
      places.forEach((place, at) => {
        replies[place] = got[at] as Reply<T>
      })
    }),
  )
  uncork?.()
  await asked
  return replies
}

/** What stands at each key; null also for what is of another type. */
export async function read<V>(
  call: Call<V>,
  misses: Miss<V>[],
  how: Asking = {},
): Promise<Reply<string | null>[]> {
  const { redis } = call.cache
  const [first] = misses
  if (!first) return []
  // One command is parsed once, many of them as many times.
  if (misses.length > 1 && !(redis instanceof Cluster)) {
    const all = redis.mget(misses.map(({ key }) => key))
    return repliesOf(call, first.shard, all, misses.length, how)
  }
  const replies = await ask(call, misses, ({ key }) => redis.get(key), how)
  return replies.map((reply) => (isWrongType(reply) ? null : reply))
}

/** Awaits the replies of one shard, within what the call may still spend on it, and tells its breaker of them. */
export async function repliesOf<V, T>(
  call: Call<V>,
  shard: Breaker,
  sent: Promise<Reply<T>[]>,
  count: number,
  { proves, counts = true, isJudged = true }: Asking = {},
): Promise<Reply<T>[]> {
  const budget = budgetOf(call, shard)
  const limit = budget.left
  const { clock } = shard
  const begun = clock()
  if (counts) budget.begin()
  // A connection is waited for in the first half of the caller's time only.
  const until = Math.max(call.redisUntil, performance.now() + limit)
  const replies = await heardWithin(limit, sent, shard, until).catch((error: Error): Error[] =>
    Array.from({ length: count }, () => error),
  )
  const failure = failureOf(replies)
  if (counts) budget.end()
  else if (failure) budget.draw(clock() - begun)
  const { cache } = call
  if (!failure) {
    if (proves && replies.some(proves)) cache.accepted(shard)
    else cache.answered(shard)
  } else if (
    refusesWrites(failure) ||
    (isJudged && !isExcused(failure, clock() - begun, cache.options.cacheTimeoutMs))
  )
    cache.failed(shard, failure)
  return replies
}

/** Who was hardly given any time has not failed to answer. */
const isExcused = (failure: Error, givenMs: number, cacheTimeoutMs: number): boolean =>
  failure instanceof CacheTimeout && givenMs < cacheTimeoutMs / 2

/** The error that says something of the shard as a whole. */
function failureOf(replies: Reply<unknown>[]): Error | undefined {
  const first = replies.find((reply) => reply instanceof Error)
  if (!first) return undefined
  return (
    replies.filter((reply) => reply instanceof Error).find(refusesWrites) ??
    (replies.every(isFailure) ? first : undefined)
  )
}

/** An error that says something of the shard. Of the wrong type is what stands at the key; a shard that is full still answers. */
const isFailure = (reply: unknown): boolean => reply instanceof Error && !isWrongType(reply) && !isFull(reply)

/** Somebody put something of another type at the key: bad content, and no failure of Redis. */
export const isWrongType = (reply: unknown): boolean =>
  reply instanceof Error && reply.message.startsWith('WRONGTYPE')

const isFull = (reply: Error): boolean => /\bOOM\b/.test(reply.message)

/** Why a call goes past Redis, by the error that it met. */
export const pastFor = (error: Error) => ({
  detail: error instanceof CacheTimeout ? 'redis-timeout' : 'redis-error',
  error,
})

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** The places of the misses, by their shard. */
function byShard(misses: Miss<unknown>[]): [Breaker, number[]][] {
  const shards = new Map<Breaker, number[]>()
  misses.forEach(({ shard }, place) => {
    const known = shards.get(shard)
    if (known) known.push(place)
    else shards.set(shard, [place])
  })
  return [...shards]
}
