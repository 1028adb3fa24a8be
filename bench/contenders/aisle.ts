import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../../lib/redis.ts'
import type { ContenderOptions, Open } from '../cacheAside/contender.ts'

/** lib/cacheAside with its defaults, on the client that the catalog uses: answers with the stored text. */
export const open: Open = async (options) => {
  const { cache, ...rest } = openCache(options)
  return { text: async (id) => (await cache.get(id)).body ?? '', ...rest }
}

export function openCache({ redisUrl, load, ttl }: ContenderOptions) {
  const redis = connectRedis(redisUrl)
  const cache = createCacheAside({
    redis,
    name: 'product',
    ttl,
    load: async (id) => ({ value: await load(id), version: 1 }),
  })
  return {
    cache,
    invalidate: (id: string) => cache.invalidate(id),
    close: async () => redis.disconnect(),
  }
}
