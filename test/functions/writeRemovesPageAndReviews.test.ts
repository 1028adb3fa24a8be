import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { openCaches } from '../../lib/catalog/caches.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, put, redisPort } = await freshHandlers()
const withVariant = { ...aProduct, variants: [{ sku: 'S', price: aProduct.price, stock: 3 }] }

const writes: [string, string, Call][] = [
  ['PUT', 'putProduct', { body: withVariant }],
  ['PATCH', 'patchProduct', { body: { title: 'new' } }],
  ['PATCH of a variant', 'patchVariant', { path: { sku: 'S' }, body: { stock: { add: -1 } } }],
  ['DELETE', 'deleteProduct', {}],
  ['POST', 'postProduct', { body: { ...withVariant, id: 'a' } }],
]

test('every kind of write removes the entries of product, page and reviews, and reports it', async () => {
  const { products, pages, reviews, close } = openCaches()
  onTestFinished(close)
  await put('a', { body: withVariant })
  await freshRedis({ port: redisPort })
  const redis = new Redis(redisPort)
  onTestFinished(() => redis.disconnect())
  const keys = [products, pages, reviews].map((cache) => cache.key('a'))
  for (const [what, name, request] of writes) {
    // A function that could not reach Redis tries again half a second later.
    await expect
      .poll(
        async () => {
          if (what === 'POST') await call('deleteProduct', { path: { id: 'a' } })
          else await put('a', { body: withVariant })
          for (const key of keys) await redis.set(key, 'old')
          const { statusCode, headers } = await call(name, { ...request, path: { id: 'a', ...request.path } })
          return `${statusCode < 300 || statusCode} ${headers['cache-status']} ${await redis.exists(keys)}`
        },
        { timeout: 5000 },
      )
      .toBe('true aisle; fwd=method; detail=invalidation-done 0')
  }
})

test('every kind of write succeeds while Redis is away, and reports that the removal is deferred', async () => {
  await put('a', { body: withVariant })
  for (const [what, name, request] of writes) {
    const { statusCode, headers } = await call(name, { ...request, path: { id: 'a', ...request.path } })
    expect([what, statusCode < 300, headers['cache-status']]).toEqual([
      what,
      true,
      'aisle; fwd=method; detail=invalidation-deferred',
    ])
  }
})
