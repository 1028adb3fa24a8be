import { createCache } from 'cache-manager'
import type { Open } from '../support/contender.ts'
import { openKeyv } from './clients.ts'

/** As in "Quick start" and "wrap" of its README, with the Redis store only. */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const cache = createCache({ stores: [openKeyv(redisUrl)] })
  return {
    text: async (id) => toText(await cache.wrap(`product:${id}`, () => load(id), ttl)),
    invalidate: (id) => cache.del(`product:${id}`),
    close: async () => {
      await cache.disconnect()
    },
  }
}
