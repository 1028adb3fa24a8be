import type { Contender } from '../support/contender.ts'

/** The name of the table that the handlers read. It also begins their keys in Redis. */
export const handlerTable = 'bench'

/** Returns the environment of a function whose reads all come from the cache. */
export const handlerEnvironment = (redisUrl: string) => ({
  TABLE_NAME: handlerTable,
  REDIS_URL: redisUrl,
  // No server listens there, so a miss fails.
  DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
  STOREFRONT_ORIGINS: 'https://shop.example',
})

interface Options {
  /** Calls the handler with a request for an id. */
  respond: (id: string) => Promise<{ statusCode: number; body?: string }>
  /** Fills the entries that the handler reads. */
  cache: { get(id: string): Promise<unknown>; invalidate(id: string): Promise<unknown> }
  redis: { disconnect(): void }
  load: (id: string) => Promise<unknown>
}

/** A contender that answers through a function's handler, from entries that a cache in the same process has filled. */
export function handlerContender({ respond, cache, redis, load }: Options): Contender {
  const filled = new Set<string>()
  return {
    async text(id) {
      if (!filled.has(id)) {
        await cache.get(id)
        filled.add(id)
      }
      const { statusCode, body } = await respond(id)
      // If the machine stalls, Redis does not answer in time and the handler fails. The load shows that this is not a
      // hit.
      return statusCode === 200 && body !== undefined ? body : JSON.stringify(await load(id))
    },
    async invalidate(id) {
      filled.delete(id)
      await cache.invalidate(id)
    },
    close: async () => redis.disconnect(),
  }
}
