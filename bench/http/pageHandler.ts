import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import type { Page } from '../../lib/catalog/page.ts'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import type { ApiResponse } from '../../lib/http/response.ts'
import type { Open } from '../cacheAside/contender.ts'
import { contextOf, eventOf } from './event.ts'
import { type PageSize, pageOf } from './page.ts'

type Handler = (event: APIGatewayProxyEventV2, context: Partial<Context>) => Promise<ApiResponse>

interface Handled {
  route: string
  /** Its module, loaded once the environment is set. */
  load: () => Promise<{ handler: Handler }>
  size: PageSize
  /** Throws where the text of an answer is not what it has to be. */
  check: (page: Page, text: string) => void
}

/**
 * A handler that answers from the cached document of a page, as a contender. Filled by a cache beside it.
 */
export const openPageHandler =
  ({ route, load: handlerOf, size, check }: Handled): Open =>
  async ({ redisUrl, load, ttl }) => {
    const prefix = 'bench'
    Object.assign(process.env, {
      TABLE_NAME: prefix,
      REDIS_URL: redisUrl,
      // Nobody is there: what is not in the cache is an error.
      DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
      STOREFRONT_ORIGINS: 'https://shop.example',
      STOREFRONT_URL: 'https://shop.example',
    })
    const { handler } = await handlerOf()
    const redis = connectRedis(redisUrl)
    const cache = createCacheAside<Page>({
      ...{ redis, prefix, name: 'page', ttl },
      load: async (id) => {
        await load(id)
        return { value: pageOf(id, size), version: 1 }
      },
    })
    const filled = new Set<string>()
    return {
      check: (id, text) => check(pageOf(id, size), text),
      async text(id) {
        if (!filled.has(id)) {
          await cache.get(id)
          filled.add(id)
        }
        const { statusCode, body } = await handler({ ...eventOf(id), routeKey: route }, contextOf())
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
