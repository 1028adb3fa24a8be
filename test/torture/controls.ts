import { setTimeout as sleep } from 'node:timers/promises'
import { sharedNow } from '../support/clock.ts'
import { connectRedis } from '../support/connectRedis.ts'
import type { SlowControl } from './circumstances.ts'

/** How often the controls run, ms. */
const everyMs = 10
/** What each control usually takes, ms. Up to that, a cache has enough time to ask Redis three times in its 100 ms. */
const usualMs = { timer: 5, redis: 30 }

/**
 * Measures what this process can do at all, next to the caches under test: a timer, and a bare client of the same Redis
 * through the same network. If these take longer than usual, the cache is not to blame.
 *
 * @returns a function that stops the controls
 */
export function watchControls(
  redisUrl: string,
  process: string,
  report: (slow: SlowControl) => void,
): () => void {
  const redis = connectRedis(redisUrl)
  redis.on('error', () => {})
  let isOver = false
  const watch = async (control: SlowControl['control'], wait: () => Promise<unknown>, leastMs: number) => {
    while (!isOver) {
      const start = sharedNow()
      await wait().catch(() => {})
      const end = sharedNow()
      if (end - start > leastMs + usualMs[control]) report({ process, control, start: start + leastMs, end })
      if (control === 'redis') await sleep(everyMs)
    }
  }
  void watch('timer', () => sleep(everyMs), everyMs)
  void watch('redis', () => redis.ping(), 0)
  return () => {
    isOver = true
    redis.disconnect()
  }
}
