import { setTimeout as sleep } from 'node:timers/promises'
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { onTestFinished } from 'vitest'
import {
  type CacheAside,
  type CacheAsideOptions,
  type CacheEvent,
  createCacheAside,
} from '../../lib/cacheAside/index.ts'
import { connectRedis } from './connectRedis.ts'
import { freshTables } from './dynamodb.ts'
import { freshRedis } from './redis.ts'

export type Text = { text: string }

/** Creates a table of texts in DynamoDB Local. A test can hold a read between the database's answer and its return. */
export async function freshDatabase() {
  const { db, table } = await freshTables()
  return databaseIn(db, table)
}

/** @param prefix separates the users of the same table */
export function databaseIn(db: DynamoDBDocumentClient, table: string, prefix = '') {
  const keyOf = (id: string) => ({ pk: `${prefix}${id}`, sk: 'TEXT' })
  const holds: (() => Promise<void>)[] = []
  const database = {
    reads: 0,
    /** The error that each read throws. Such a read does not ask the database. */
    failure: undefined as Error | undefined,
    /** How long a read waits before it throws `failure`, ms. */
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
    /**
     * Holds the next read. `reached` resolves when the read has its value. `release` lets it return, `fail` makes it
     * throw.
     */
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

/** Opens a cache of texts with its own client, as in another process. The client disconnects after the test. */
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

/** Starts a Redis and opens a cache over `database`. */
export async function freshCache(database: Database, options: Partial<CacheAsideOptions<Text>> = {}) {
  const server = await freshRedis()
  return { server, ...openCache(server.url, database, options) }
}
