import { connectRedis } from '../../lib/redis.ts'
import type { Open } from '../cacheAside/contender.ts'

/** The least that answers from Redis: one GET by the client that the catalog uses, the text stored as it is. */
export const open: Open = async ({ redisUrl, load, ttl }) => {
  const redis = connectRedis(redisUrl)
  const key = (id: string) => `aisle:{${id}}:product`
  return {
    async text(id) {
      const text = await redis.get(key(id))
      if (text !== null) return text
      const loaded = JSON.stringify(await load(id))
      await redis.set(key(id), loaded, 'PX', ttl)
      return loaded
    },
    invalidate: (id) => redis.del(key(id)),
    close: async () => redis.disconnect(),
  }
}
