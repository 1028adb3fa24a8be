import { checkoutOf } from '../support/checkouts.ts'
import type { ContenderOptions, Open } from '../support/contender.ts'
import { importEngine } from '../support/engine.ts'

/** lib/cacheAside with its defaults, on the client that the catalogue uses. Answers with the stored text. */
export const open: Open = async (options) => {
  const { cache, ...rest } = await openCache(options)
  return { text: async (id) => (await cache.get(id)).body ?? '', ...rest }
}

export async function openCache({ name, redisUrl, prefix, load, ttl }: ContenderOptions) {
  const { createCacheAside, connectCache } = await importEngine(checkoutOf(name))
  const redis = connectCache(redisUrl)
  const cache = createCacheAside({
    ...{ redis, prefix, ttl },
    name: 'product',
    load: async (id) => ({ value: await load(id), version: 1 }),
  })
  return {
    cache,
    invalidate: (id: string) => cache.invalidate(id),
    close: async () => redis.disconnect(),
  }
}
