import { isDeepStrictEqual } from 'node:util'
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { entrySchema } from '../../lib/catalog/entrySchema.ts'
import type { ProductPage } from '../../lib/catalog/productPage.ts'
import type { ApiResponse } from '../../lib/http/response.ts'
import { productPage } from '../../lib/storefront/productPage.ts'
import { connectRedis } from '../../test/support/connectRedis.ts'
import type { Open } from '../support/contender.ts'
import { contextOf, eventOf } from './event.ts'
import { handlerContender, handlerEnvironment, handlerTable } from './handlerContender.ts'
import { type PageSize, productPageOf } from './productPage.ts'

type Handler = (event: APIGatewayProxyEventV2, context: Partial<Context>) => Promise<ApiResponse>

/** A route that answers from the product page (document). */
interface PageRoute {
  routeKey: string
  /** Imports the route's function. The environment must be set first. */
  importHandler: () => Promise<{ handler: Handler }>
  /** Returns whether the text of a response is the right one for the document. */
  isRight: (text: string, document: ProductPage) => boolean
}

/** Opens a contender that answers through the handler of a route. */
const openPageRoute =
  ({ routeKey, importHandler, isRight }: PageRoute, size: PageSize): Open =>
  async ({ redisUrl, load, ttl }) => {
    Object.assign(process.env, {
      ...handlerEnvironment(redisUrl),
      STOREFRONT_URL: 'https://shop.example',
    })
    const { handler } = await importHandler()
    const redis = connectRedis(redisUrl)
    const cache = createCacheAside<ProductPage>({
      ...{ redis, prefix: handlerTable, name: 'page', schema: entrySchema, ttl },
      load: async (id) => {
        await load(id)
        return { value: productPageOf(id, size), version: 1 }
      },
    })
    return {
      ...handlerContender({
        ...{ cache, redis, load },
        respond: (id) => handler({ ...eventOf(id), routeKey }, contextOf()),
      }),
      check(id, text) {
        if (!isRight(text, productPageOf(id, size))) throw new Error(`The text for ${id} is wrong: ${text}`)
      },
    }
  }

/** Opens the handler of GET /products/{id}/page. */
export const openPageJson = (size: PageSize): Open =>
  openPageRoute(
    {
      routeKey: 'GET /products/{id}/page',
      importHandler: () => import('../../functions/getPage.ts'),
      isRight: (text, document) => isDeepStrictEqual(JSON.parse(text), document),
    },
    size,
  )

/** Opens the storefront's handler of GET /p/{id}. */
export const openStorefrontPage = (size: PageSize): Open =>
  openPageRoute(
    {
      routeKey: 'GET /p/{id}',
      importHandler: () => import('../../functions/storefront.ts'),
      isRight: (text, document) => text === productPage(document),
    },
    size,
  )
