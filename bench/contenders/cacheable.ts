import { Cacheable } from 'cacheable'
import type { Open } from '../cacheAside/contender.ts'
import { keyvOf } from './clients.ts'

/** As in "Basic Usage" and "GetOrSet" of its README, with the Redis store as the primary one in place of memory. */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const cache = new Cacheable({ primary: keyvOf(redisUrl) })
  return {
    text: async (id) => toText(await cache.getOrSet(`product:${id}`, () => load(id), { ttl })),
    invalidate: (id) => cache.delete(`product:${id}`),
    close: () => cache.disconnect(),
  }
}
