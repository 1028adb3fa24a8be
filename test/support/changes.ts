import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Context } from 'aws-lambda'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { decodeEntry } from '../../lib/cacheAside/redis/entry.ts'
import { openCaches } from '../../lib/catalog/caches.ts'
import { entrySchema } from '../../lib/catalog/entrySchema.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import type { LambdaRecord } from '../../lib/local/stream/lambdaRecord.ts'
import { freshHandlers } from './http.ts'
import { freshRedis } from './redis.ts'
import { readRecords, toStreamEvent } from './stream.ts'

/** Creates tables with the handlers, the function that follows the stream, and the caches that it removes entries from. */
export async function freshChanges() {
  const handlers = await freshHandlers({ hasStream: true })
  const { db, table, redisPort, lastLines } = handlers
  const { handler } = await import('../../functions/onProductChange.ts')
  const catalog = openCaches()
  const caches = [catalog.products, catalog.pages, catalog.reviews]
  let redis: Redis | undefined
  let seen = 0
  const nextRecords = async (count: number): Promise<LambdaRecord[]> => {
    const all = await readRecords(db, table, seen + count)
    const unseen = all.slice(seen)
    seen = all.length
    return unseen
  }
  const deliverUntilDone = (records: unknown[]) =>
    expect.poll(() => deliver(records), { timeout: 10_000 }).toEqual({ batchItemFailures: [] })
  const deliver = (records: unknown[], context?: Partial<Context>) => handler(toStreamEvent(records), context)
  return {
    ...handlers,
    catalog,
    handler,
    deliver,
    /** Starts a Redis on the port that the handlers connect to. */
    async withRedis() {
      const server = await freshRedis({ port: redisPort })
      redis = new Redis(redisPort)
      redis.on('error', () => {})
      onTestFinished(() => redis?.disconnect())
      return { server, redis }
    },
    /** Fills all entries of a product. */
    async fill(id: string) {
      for (const cache of caches) await cache.get(id)
    },
    /** Returns the versions of a product's entries in Redis: the product, the page, and the first part of the reviews. */
    async entries(id: string): Promise<(number | undefined)[]> {
      const raw = await Promise.all(caches.map((cache) => redis?.get(cache.key(id))))
      return raw.map((text) => decodeEntry(entrySchema, id, text ?? '')?.version)
    },
    /** Waits for `count` more records of the stream, and returns all records that no earlier call returned. */
    nextRecords,
    /** Delivers records until no record fails, because the function can time out on a busy machine. */
    deliverUntilDone,
    /** Delivers the next `count` records until none fails. @throws if the stream has more */
    async deliverNext(count: number) {
      const records = await nextRecords(count)
      expect(records).toHaveLength(count)
      await deliverUntilDone(records)
    },
    /** Sets attributes of a product directly in the table, without the cache. */
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
    /** Returns the function's last log line, parsed. */
    lastBatch: () => JSON.parse(lastLines().at(-1) ?? '{}'),
  }
}
