import type { Open } from '../cacheAside/contender.ts'
import { engineOf, folderOf, moduleOf } from '../cacheAside/engine.ts'
import { contextOf, eventOf } from '../http/event.ts'

/** The whole handler of GET /products/{id}: an event in, an answer out, and its line of log. Filled by a cache beside it. */
export const open: Open = async ({ name: contender, redisUrl, load, ttl }) => {
  const prefix = 'bench'
  const folder = folderOf(contender)
  Object.assign(process.env, {
    TABLE_NAME: prefix,
    REDIS_URL: redisUrl,
    // Nobody is there: what is not in the cache is an error.
    DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
    STOREFRONT_ORIGINS: 'https://shop.example',
  })
  const { handler }: typeof import('../../functions/getProduct.ts') = await moduleOf(
    folder,
    'functions/getProduct.ts',
  )
  const { createCacheAside, connectCache } = await engineOf(folder)
  const redis = connectCache(redisUrl)
  const name = 'product'
  const cache = createCacheAside({
    ...{ redis, prefix, name, ttl },
    load: async (id) => ({ value: await load(id), version: 1 }),
  })
  const filled = new Set<string>()
  return {
    async text(id) {
      if (!filled.has(id)) {
        await cache.get(id)
        filled.add(id)
      }
      const { statusCode, body } = await handler(eventOf(id), contextOf())
      // Redis was not in time, for the machine stood still: that is no hit, and shows as a load.
      return statusCode === 200 && body !== undefined ? body : JSON.stringify(await load(id))
    },
    async invalidate(id) {
      filled.delete(id)
      await cache.invalidate(id)
    },
    close: async () => redis.disconnect(),
  }
}
