import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Cluster, Redis } from 'ioredis'
import { type Config, readConfig } from './config.ts'
import { connectDynamoDB } from './dynamodb/index.ts'
import { connectCache } from './redis/index.ts'

/** The clients for the catalogue's table and for its Redis. */
export interface Servers {
  db: DynamoDBDocumentClient
  table: string
  redis: Redis | Cluster
}

/**
 * Creates the clients for DynamoDB and Redis. Neither connects before its first command.
 *
 * @throws {Error} that names the environment variable if one is not set; also what the clients throw for an address
 */
export function connect({ table, redisUrl, redisIam, dynamodbEndpoint }: Config = readConfig()): Servers {
  const db = connectDynamoDB(dynamodbEndpoint)
  const iam = redisIam ? { cache: redisIam, credentials: db.config.credentials } : undefined
  return { db, table, redis: connectCache(redisUrl, iam) }
}
