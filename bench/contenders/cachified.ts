import { cachified } from '@epic-web/cachified'
import { redisCacheAdapter } from 'cachified-redis-adapter'
import { createClient } from 'redis'
import type { Open } from '../cacheAside/contender.ts'
import { nodeClusterOf, openNodeCluster } from './clients.ts'

/** As in "Adapters" of its README: cachified-redis-adapter on a client of `redis`. */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const cluster = nodeClusterOf(redisUrl)
  const redis = cluster ? await openNodeCluster(cluster) : await openClient(redisUrl)
  const cache = redisCacheAdapter(redis)
  return {
    text: async (id) =>
      toText(await cachified({ key: `product:${id}`, cache, ttl, getFreshValue: () => load(id) })),
    invalidate: (id) => redis.del(`product:${id}`),
    close: async () => redis.destroy(),
  }
}

async function openClient(url: string) {
  const redis = createClient({ url })
  redis.on('error', () => {})
  await redis.connect()
  return redis
}
