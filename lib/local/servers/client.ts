import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { marshallOptions } from '../../clients/dynamodb/index.ts'

/**
 * How a client that sets up and serves DynamoDB Local reaches it, more patiently than the functions do: the first
 * requests to a database that has just started are slow. It accepts any credentials.
 */
export const localAccess = (endpoint: string) => ({
  endpoint,
  region: 'local',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  requestHandler: { connectionTimeout: 10_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
})

/** A client of DynamoDB Local. */
export const connectLocal = (endpoint: string): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient(localAccess(endpoint)), { marshallOptions })
