import { contextOf, eventOf } from '../http/event.ts'
import { handlerContender, handlerEnvironment, handlerTable } from '../http/handlerContender.ts'
import { checkoutOf, importFrom } from '../support/checkouts.ts'
import type { Open } from '../support/contender.ts'
import { importEngine } from '../support/engine.ts'

/** The handler of GET /products/{id} of a checkout: an event in, a response out, and its log line. */
export const open: Open = async ({ name, redisUrl, load, ttl }) => {
  const checkout = checkoutOf(name)
  Object.assign(process.env, handlerEnvironment(redisUrl))
  const { handler }: typeof import('../../functions/getProduct.ts') = await importFrom(
    checkout,
    'functions/getProduct.ts',
  )
  const { createCacheAside, connectCache, entrySchema } = await importEngine(checkout)
  const redis = connectCache(redisUrl)
  const cache = createCacheAside({
    ...{ redis, prefix: handlerTable, name: 'product', schema: entrySchema, ttl },
    load: async (id) => ({ value: await load(id), version: 1 }),
  })
  return handlerContender({
    ...{ cache, redis, load },
    respond: (id) => handler(eventOf(id), contextOf()),
  })
}
