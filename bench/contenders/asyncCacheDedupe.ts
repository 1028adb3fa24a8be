import { createCache } from 'async-cache-dedupe'
import type { Redis } from 'ioredis'
import type { Open } from '../support/contender.ts'
import { connectIoredis } from './clients.ts'

/**
 * As in "createCache" and "define" of its README, with the Redis storage. Without references: a removal by id needs none,
 * and they would cost further commands.
 */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const redis = connectIoredis(redisUrl)
  const cache = createCache({
    ttl: Math.ceil(ttl / 1000),
    storage: { type: 'redis', options: { client: redis as Redis } },
  }).define('product', (id: string) => load(id))
  return {
    text: async (id) => toText(await cache.product(id)),
    invalidate: (id) => cache.clear('product', id),
    close: async () => redis.disconnect(),
  }
}
