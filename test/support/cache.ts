import { setTimeout as sleep } from 'node:timers/promises'
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { onTestFinished } from 'vitest'
import {
  type CacheAside,
  type CacheAsideOptions,
  type CacheEvent,
  createCacheAside,
} from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { freshTables } from './dynamodb.ts'
import { freshRedis } from './redis.ts'

export type Text = { text: string }

/** A table of texts in DynamoDB Local, with a place to hold a load after it has read and before it returns. */
export async function freshDatabase() {
  const { db, table } = await freshTables()
  return databaseIn(db, table)
}

/** @param prefix keeps apart those who use the same table */
export function databaseIn(db: DynamoDBDocumentClient, table: string, prefix = '') {
  const keyOf = (id: string) => ({ pk: `${prefix}${id}`, sk: 'TEXT' })
  const holds: (() => Promise<void>)[] = []
  const database = {
    reads: 0,
    /** What the next reads throw instead of reading. */
    failure: undefined as Error | undefined,
    /** How long it takes them to. */
    failureMs: 0,
    async read(id: string): Promise<{ value: Text; version: number } | undefined> {
      database.reads++
      const hold = holds.shift()
      const { failure, failureMs } = database
      if (failure && failureMs) await sleep(failureMs)
      if (failure) throw failure
      const { Item } = await db.send(
        new GetCommand({ TableName: table, Key: keyOf(id), ConsistentRead: true }),
      )
      await hold?.()
      return Item && { value: { text: Item.text }, version: Item.version }
    },
    async write(id: string, text: string): Promise<{ value: Text; version: number }> {
      const { Attributes } = await db.send(
        new UpdateCommand({
          TableName: table,
          Key: keyOf(id),
          UpdateExpression: 'SET #text = :text ADD version :one',
          ExpressionAttributeNames: { '#text': 'text' },
          ExpressionAttributeValues: { ':text': text, ':one': 1 },
          ReturnValues: 'ALL_NEW',
        }),
      )
      return { value: { text }, version: Attributes?.version }
    },
    /** Holds the next read: `reached` when it has its value in hand, `release` to let it return, `fail` to let it throw. */
    holdNextRead() {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      holds.push(() => {
        reached.resolve()
        return released.promise
      })
      return { reached: reached.promise, release: released.resolve, fail: released.reject }
    },
  }
  return database
}

export type Database = ReturnType<typeof databaseIn>

/** A cache of texts over a database, with a client of its own, as another process would have. */
export function openCache(
  redisUrl: string,
  database: Database,
  options: Partial<CacheAsideOptions<Text>> = {},
): { cache: CacheAside<Text>; redis: ReturnType<typeof connectRedis>; events: CacheEvent[] } {
  const redis = connectRedis(redisUrl)
  onTestFinished(() => redis.disconnect())
  const events: CacheEvent[] = []
  const cache = createCacheAside<Text>({
    redis,
    name: 'text',
    load: (id) => database.read(id),
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { cache, redis, events }
}

/** A Redis of its own and a cache over `database`. */
export async function freshCache(database: Database, options: Partial<CacheAsideOptions<Text>> = {}) {
  const server = await freshRedis()
  return { server, ...openCache(server.url, database, options) }
}
