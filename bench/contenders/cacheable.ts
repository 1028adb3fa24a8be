import { Cacheable } from 'cacheable'
import type { Open } from '../support/contender.ts'
import { openKeyv } from './clients.ts'

/** As in "Basic Usage" and "GetOrSet" of its README, with the Redis store as the primary store instead of memory. */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const cache = new Cacheable({ primary: openKeyv(redisUrl) })
  return {
    text: async (id) => toText(await cache.getOrSet(`product:${id}`, () => load(id), { ttl })),
    invalidate: (id) => cache.delete(`product:${id}`),
    close: () => cache.disconnect(),
  }
}
