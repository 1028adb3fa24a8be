import { cachified } from '@epic-web/cachified'
import { redisCacheAdapter } from 'cachified-redis-adapter'
import { createClient } from 'redis'
import type { Open } from '../support/contender.ts'
import { connectNodeCluster, nodeClusterOptions } from './clients.ts'

/** As in "Adapters" of its README: cachified-redis-adapter on a client of `redis`. */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const cluster = nodeClusterOptions(redisUrl)
  const redis = cluster ? await connectNodeCluster(cluster) : await openClient(redisUrl)
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
