import { createCacheAside } from '../cacheAside/index.ts'
import type { Config } from '../config.ts'
import { connectDynamoDB } from '../dynamodb.ts'
import { connectRedis } from '../redis.ts'
import type { Product } from './product.ts'
import { readProduct } from './readProduct.ts'

/**
 * The catalog: its table, and the cache beside it. Nothing connects before the first command.
 *
 * The table's name is the prefix of the cache's keys, so that stages may share a Redis.
 */
export function openCatalog({ table, redisUrl, dynamodbEndpoint }: Config) {
  const db = connectDynamoDB(dynamodbEndpoint)
  const redis = connectRedis(redisUrl)
  const products = createCacheAside<Product>({
    redis,
    name: 'product',
    prefix: table,
    load: async (id, { signal }) => {
      const value = await readProduct(db, table, id, signal)
      return value && { value, version: value.version }
    },
  })
  return {
    db,
    table,
    products,
    /** For commands that are to end: a Lambda keeps its connections. */
    close() {
      redis.disconnect()
      db.destroy()
    },
  }
}
