import { enrichRedisConfig, Loader, RedisCache } from 'layered-loader'
import type { Open } from '../support/contender.ts'
import { connectIoredis } from './clients.ts'

/** As in "Simplified loader syntax" and "Redis connection safety" of its README, without `inMemoryCache`. */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const redis = connectIoredis(redisUrl, enrichRedisConfig)
  const loader = new Loader<unknown>({
    asyncCache: new RedisCache<unknown>(redis, { prefix: 'product', json: true, ttlInMsecs: ttl }),
    dataSourceGetOneFn: (id: string) => load(id),
  })
  return {
    text: async (id) => toText(await loader.get(id)),
    invalidate: (id) => loader.invalidateCacheFor(id),
    close: async () => redis.disconnect(),
  }
}
