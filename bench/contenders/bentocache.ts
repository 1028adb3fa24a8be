import { BentoCache, bentostore } from 'bentocache'
import { redisDriver } from 'bentocache/drivers/redis'
import type { Open } from '../support/contender.ts'
import { connectIoredis } from './clients.ts'

/** As in "Cache drivers: Redis" (bentocache.dev/docs/cache-drivers): the one-level mode, with `getOrSet`. */
export const open: Open = async ({ redisUrl, load, toText, ttl }) => {
  const bento = new BentoCache({
    default: 'redis',
    stores: { redis: bentostore().useL2Layer(redisDriver({ connection: connectIoredis(redisUrl) })) },
  })
  return {
    text: async (id) => toText(await bento.getOrSet({ key: `product:${id}`, factory: () => load(id), ttl })),
    invalidate: (id) => bento.delete({ key: `product:${id}` }),
    close: () => bento.disconnectAll(),
  }
}
