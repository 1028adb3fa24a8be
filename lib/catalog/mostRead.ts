import type { Cluster, Redis, Result } from 'ioredis'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countMostRead(
      key: string,
      most: number,
      kept: number,
      seconds: number,
      ...ids: string[]
    ): Result<0, Context>
  }
}

/** Counts a read of each id, and drops the least read once there are too many. */
const count = `
for n = 4, #ARGV do redis.call('ZINCRBY', KEYS[1], 1, ARGV[n]) end
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[1]) then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 0`

const hourMs = 3_600_000
const twoHours = 7_200
/** How long a count is waited for at most, ms: as long as a read of the cache. */
const timeLimitMs = 100
/** For how long nothing is counted after a failure, ms: while Redis is away, a read is not to wait for a count. */
const restMs = 1_000

/** Which products are read most, about. */
export interface MostRead {
  /**
   * Reads a product, and counts that where the dice say so. Adds nothing to the others, and no round trip to those that
   * are counted: the count goes out before the read, on the same connection, and is answered before it. A count that
   * fails is lost.
   */
  counted<T>(id: string, read: () => Promise<T>): Promise<T>
  /** The same for a list: each of its ids has its own throw of the dice, and one command counts all that won. */
  countedMany<T>(ids: readonly string[], read: () => Promise<T>): Promise<T>
  /**
   * The most read products of the last hour, the most read first.
   *
   * @throws what Redis throws
   */
  top(count: number): Promise<string[]>
}

/**
 * A list of the most read products, bounded and approximate, in Redis beside the cache.
 *
 * One read in 64 is counted, in a sorted set for each hour that keeps the best 1,000 whenever it has grown over 2,000.
 * Why the result is good enough:
 *
 * - What is read f times an hour is counted f/64 times, give or take the square root of that: 6,400 reads are 100 ± 10.
 *   So the order among neighbours is a matter of chance, and what is far ahead is on top.
 * - A trim forgets what has fewer counts than the 1,000 best. What comes up late in the hour begins at 1 and has to be
 *   counted again before the next trim, a thousand new ids later. The bias is for what was read all along.
 * - The previous hour counts with the part of it that lies in the last 60 minutes, so the list does not begin anew.
 *
 * Sampling as in NetFlow (Duffield, Lund, Thorup, "Estimating flow distributions from sampled flow statistics", SIGCOMM
 * 2003); trimming resembles Lossy Counting (Manku, Motwani, VLDB 2002). Not taken: Space-Saving (Metwally et al., ICDT
 * 2005), whose error has a hard bound, but which has to see every read: a second command for each hit.
 *
 * @param options.rate the share of reads that is counted
 * @param options.kept how many a trim keeps; twice as many make one due
 */
export function openMostRead(
  redis: Redis | Cluster,
  prefix: string,
  { rate = 1 / 64, kept = 1_000, now = Date.now }: { rate?: number; kept?: number; now?: () => number } = {},
): MostRead {
  redis.defineCommand('countMostRead', { numberOfKeys: 1, lua: count })
  const keyOf = (hour: number) => `${prefix}:{top}:${hour}`
  let restUntil = 0

  async function countAndRead<T>(ids: string[], read: () => Promise<T>): Promise<T> {
    const key = keyOf(Math.floor(now() / hourMs))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        restUntil = performance.now() + restMs
        resolve()
      }, timeLimitMs)
    })
    const counting = redis.countMostRead(key, 2 * kept, kept, twoHours, ...ids).then(
      () => {},
      () => {
        restUntil = performance.now() + restMs
      },
    )
    try {
      return await read()
    } finally {
      await Promise.race([counting, late])
      clearTimeout(timer)
    }
  }

  return {
    counted: (id, read) =>
      Math.random() >= rate || performance.now() < restUntil ? read() : countAndRead([id], read),
    countedMany(ids, read) {
      const some = ids.filter(() => Math.random() < rate)
      return some.length === 0 || performance.now() < restUntil ? read() : countAndRead(some, read)
    },
    async top(count) {
      const hours = now() / hourMs
      const hour = Math.floor(hours)
      const ofPrevious = 1 - (hours - hour)
      // Not by its own method, whose types know no weights beside several keys.
      const scored = (await redis.call(
        'ZUNION',
        ...[2, keyOf(hour), keyOf(hour - 1), 'WEIGHTS', 1, ofPrevious],
      )) as string[]
      return scored.slice(-count).reverse()
    },
  }
}
