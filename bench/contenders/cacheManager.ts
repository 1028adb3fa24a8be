import { createCache } from 'cache-manager'
import type { Open } from '../cacheAside/contender.ts'
import { keyvOf } from './clients.ts'

/** As in "Quick start" and "wrap" of its README, with the Redis store alone. */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const cache = createCache({ stores: [keyvOf(redisUrl)] })
  return {
    text: async (id) => toText(await cache.wrap(`product:${id}`, () => load(id), ttl)),
    invalidate: (id) => cache.del(`product:${id}`),
    close: async () => {
      await cache.disconnect()
    },
  }
}
