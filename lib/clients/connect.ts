import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Cluster, Redis } from 'ioredis'
import { type Config, fromEnvironment } from './config.ts'
import { connectDynamoDB } from './dynamodb/index.ts'
import { connectCache } from './redis/index.ts'

/** The catalogue's table and the Redis beside it. */
export interface Servers {
  db: DynamoDBDocumentClient
  table: string
  redis: Redis | Cluster
}

/**
 * Clients for both; nothing connects before the first command.
 *
 * @throws {Error} that names the variable of the environment which is not set; and what the clients throw for an address
 */
export function connect(
  { table, redisUrl, redisIam, dynamodbEndpoint }: Config = fromEnvironment(),
): Servers {
  const db = connectDynamoDB(dynamodbEndpoint)
  const iam = redisIam ? { cache: redisIam, credentials: db.config.credentials } : undefined
  return { db, table, redis: connectCache(redisUrl, iam) }
}
