import { setTimeout as sleep } from 'node:timers/promises'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { sharedNow } from '../support/clock.ts'
import type { Waited } from './circumstances.ts'

/** How often the controls try, ms. */
const everyMs = 10
/** What is usual, ms: below it a cache that asks Redis three times in its 100 ms has time enough. */
const usualMs = { timer: 5, redis: 30 }

/**
 * Watches what this process can do at all, beside the caches under test: a timer, and a bare client of the same Redis
 * through the same network. What takes them longer than usual is no fault of a cache.
 */
export function watchControls(redisUrl: string, process: string, tell: (waited: Waited) => void): () => void {
  const redis = connectRedis(redisUrl)
  redis.on('error', () => {})
  let isOver = false
  const watch = async (control: Waited['control'], wait: () => Promise<unknown>, least: number) => {
    while (!isOver) {
      const start = sharedNow()
      await wait().catch(() => {})
      const end = sharedNow()
      if (end - start > least + usualMs[control]) tell({ process, control, start: start + least, end })
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
