import { Redis } from 'ioredis'
import type { Open } from '../cacheAside/contender.ts'

/** The bare GET with ioredis' own way to send the commands of many callers together. */
export const open: Open = async ({ redisUrl, load, ttl }) => {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true })
  redis.on('error', () => {})
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
