import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Context } from 'aws-lambda'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { decodeEntry } from '../../lib/cacheAside/redis/entry.ts'
import { openCaches } from '../../lib/catalog/caches.ts'
import { productKey } from '../../lib/catalog/table/items.ts'
import type { LambdaRecord } from '../../lib/local/stream/event.ts'
import { freshHandlers } from './http.ts'
import { freshRedis } from './redis.ts'
import { deliveryOf, recordsOf } from './stream.ts'

/** The handlers over fresh tables, the function that follows the stream, and what the caches hold. */
export async function freshChanges() {
  const handlers = await freshHandlers()
  const { db, table, redisPort, lastLines } = handlers
  const { handler } = await import('../../functions/onProductChange.ts')
  const catalog = openCaches()
  const caches = [catalog.products, catalog.pages, catalog.reviews]
  let redis: Redis | undefined
  let seen = 0
  const news = async (count: number): Promise<LambdaRecord[]> => {
    const all = await recordsOf(db, table, seen + count)
    const fresh = all.slice(seen)
    seen = all.length
    return fresh
  }
  const take = (records: unknown[]) =>
    expect.poll(() => deliver(records), { timeout: 10_000 }).toEqual({ batchItemFailures: [] })
  const deliver = (records: unknown[], context?: Partial<Context>) => handler(deliveryOf(records), context)
  return {
    ...handlers,
    catalog,
    handler,
    deliver,
    /** A Redis for the test, that all have found. */
    async withRedis() {
      const server = await freshRedis({ port: redisPort })
      redis = new Redis(redisPort)
      redis.on('error', () => {})
      onTestFinished(() => redis?.disconnect())
      return { server, redis }
    },
    /** Puts in the cache all that it holds of a product. */
    async fill(id: string) {
      for (const cache of caches) await cache.get(id)
    },
    /** The versions of what Redis holds of a product: product, page, first page of reviews. */
    async entries(id: string): Promise<(number | undefined)[]> {
      const raw = await Promise.all(caches.map((cache) => redis?.get(cache.key(id))))
      return raw.map((text) => decodeEntry('1', id, text ?? '')?.version)
    },
    /** The stream's records after those that were asked for before, once there are so many. */
    news,
    /** Delivers records, and again while they fail: a machine that is busy is slower than the function waits. */
    take,
    /** Delivers so many records, as `take` does. */
    async settle(count: number) {
      const records = await news(count)
      expect(records).toHaveLength(count)
      await take(records)
    },
    /** Sets attributes of a product as one does who knows of no cache. */
    async edit(id: string, values: Record<string, unknown>) {
      const names = Object.keys(values)
      await db.send(
        new UpdateCommand({
          TableName: table,
          Key: productKey(id),
          UpdateExpression: `SET ${names.map((_, n) => `#${n} = :${n}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(names.map((name, n) => [`#${n}`, name])),
          ExpressionAttributeValues: Object.fromEntries(names.map((name, n) => [`:${n}`, values[name]])),
        }),
      )
    },
    putItem: (Item: object) => db.send(new PutCommand({ TableName: table, Item })),
    deleteItem: (Key: { pk: string; sk: string }) => db.send(new DeleteCommand({ TableName: table, Key })),
    /** What the function has said of its last batch. */
    lastBatch: () => JSON.parse(lastLines().at(-1) ?? '{}'),
  }
}
