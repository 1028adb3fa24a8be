import { connectCache } from '../../lib/clients/redis/index.ts'
import type { Contender, ContenderOptions, Open } from '../cacheAside/contender.ts'

/** The least that answers from Redis: one GET by the client that the catalog uses, the text stored as it is. */
export const open: Open = async (options) => bareGet(connectCache(options.redisUrl), options)

/** As much of a client as it needs. */
interface Client {
  get(key: string): Promise<string | null>
  set(key: string, text: string, unit: 'PX', ttl: number): Promise<unknown>
  del(key: string): Promise<number>
  disconnect(): void
}

export function bareGet(
  redis: Client,
  { prefix, load, ttl }: Pick<ContenderOptions, 'prefix' | 'load' | 'ttl'>,
): Contender {
  const key = (id: string) => `${prefix}:{${id}}:product`
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
