import { connectCache } from '../../lib/clients/redis/index.ts'
import type { Contender, ContenderOptions, Open } from '../support/contender.ts'

/** The least that answers from Redis: one GET of the stored text, by the client that the catalogue uses. */
export const open: Open = async (options) => openBareGet(connectCache(options.redisUrl), options)

/** The part of a client that a bare GET needs. */
interface Client {
  get(key: string): Promise<string | null>
  set(key: string, text: string, unit: 'PX', ttl: number): Promise<unknown>
  del(key: string): Promise<number>
  disconnect(): void
}

export function openBareGet(
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
