import type { Cluster, Redis, Result } from 'ioredis'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countMostRead(
      key: string,
      max: number,
      keep: number,
      seconds: number,
      ...ids: string[]
    ): Result<0, Context>
  }
}

/** Counts a read of each id. If the set then has more than `max` ids, only the `keep` most read stay. */
const countScript = `
for n = 4, #ARGV do redis.call('ZINCRBY', KEYS[1], 1, ARGV[n]) end
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[1]) then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 0`

const hourMs = 3_600_000
const twoHoursSeconds = 7_200
/** How long a read waits for its count at most, in ms: as long as it waits for the cache. */
const timeoutMs = 100
/** How long nothing is counted after a failure, in ms, so that reads do not wait for counts while Redis is away. */
const pauseMs = 1_000

/** The approximate list of the most-read products. */
export interface MostRead {
  /**
   * Runs `read` and returns its result, and counts the read of `id` if the sample includes it. A read outside the
   * sample sends nothing. A counted read costs no extra round trip: the count is sent before the read. A single server
   * and ElastiCache Serverless answer it first, because both commands use one connection. In another cluster the key of
   * the count may be on another shard, and the read then waits for that shard, at most {@link timeoutMs}. A count that
   * fails is lost.
   */
  countRead<T>(id: string, read: () => Promise<T>): Promise<T>
  /** Does the same for a list. Each id is sampled on its own, and one command counts all sampled ids. */
  countReads<T>(ids: readonly string[], read: () => Promise<T>): Promise<T>
  /**
   * Returns the `count` most-read products of the last hour, most read first.
   *
   * @throws what Redis throws
   */
  top(count: number): Promise<string[]>
}

/**
 * Opens the list of the most-read products. The list is in the same Redis as the cache; it is bounded and approximate.
 *
 * One read in 64 is counted. There is a sorted set for each hour. Whenever the set grows beyond 2,000 ids, it is
 * trimmed to the 1,000 most read. The result is accurate enough:
 *
 * - A product that is read f times an hour is counted about f/64 times, plus or minus the square root of that: 6,400
 *   reads give 100 ± 10 counts. So the order of close neighbours is random, and a product that is read far more often
 *   than the others is on top.
 * - A trim drops the counts of products below the top 1,000. A product that becomes popular late in the hour starts at
 *   1 and has to be counted again before the next trim, which comes a thousand new ids later. So the list favours
 *   products that were read all along.
 * - The previous hour is weighted with the share of it that is within the last 60 minutes, so the list does not start
 *   empty with each hour.
 *
 * The sampling is as in NetFlow (Duffield, Lund, Thorup, "Estimating flow distributions from sampled flow statistics",
 * SIGCOMM 2003). The trimming resembles Lossy Counting (Manku, Motwani, VLDB 2002). Space-Saving (Metwally et al., ICDT
 * 2005) has a hard error bound, but it has to see every read, which would be a second command for each hit.
 *
 * @param options.rate the share of reads that is counted
 * @param options.keep how many ids a trim keeps; a set is trimmed when it has more than twice as many
 */
export function openMostRead(
  redis: Redis | Cluster,
  prefix: string,
  { rate = 1 / 64, keep = 1_000, now = Date.now }: { rate?: number; keep?: number; now?: () => number } = {},
): MostRead {
  redis.defineCommand('countMostRead', { numberOfKeys: 1, lua: countScript })
  const toKey = (hour: number) => `${prefix}:{top}:${hour}`
  let pausedUntil = 0
  const pause = () => {
    pausedUntil = performance.now() + pauseMs
  }

  async function sendCount<T>(ids: string[], read: () => Promise<T>): Promise<T> {
    const key = toKey(Math.floor(now() / hourMs))
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        pause()
        resolve()
      }, timeoutMs)
    })
    const counting = redis.countMostRead(key, 2 * keep, keep, twoHoursSeconds, ...ids).then(() => {}, pause)
    try {
      return await read()
    } finally {
      await Promise.race([counting, timeout])
      clearTimeout(timer)
    }
  }

  return {
    countRead: (id, read) =>
      Math.random() >= rate || performance.now() < pausedUntil ? read() : sendCount([id], read),
    countReads(ids, read) {
      const sampled = ids.filter(() => Math.random() < rate)
      return sampled.length === 0 || performance.now() < pausedUntil ? read() : sendCount(sampled, read)
    },
    async top(count) {
      const hours = now() / hourMs
      const hour = Math.floor(hours)
      const previousWeight = 1 - (hours - hour)
      // ioredis's own method has no types for WEIGHTS with several keys.
      const scored = (await redis.call(
        'ZUNION',
        ...[2, toKey(hour), toKey(hour - 1), 'WEIGHTS', 1, previousWeight],
      )) as string[]
      return scored.slice(-count).reverse()
    },
  }
}
