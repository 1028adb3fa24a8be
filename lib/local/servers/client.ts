import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { marshallOptions, unmarshallOptions } from '../../clients/dynamodb/index.ts'

/**
 * Returns the settings of a client of DynamoDB Local that sets up tables or reads streams. Its timeouts are longer than
 * those of the functions, because the first requests to a new database are slow. DynamoDB Local accepts any
 * credentials.
 */
export const localClientConfig = (endpoint: string) => ({
  endpoint,
  region: 'local',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  requestHandler: { connectionTimeout: 10_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
})

/** Returns a client of DynamoDB Local. */
export const connectLocal = (endpoint: string): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient(localClientConfig(endpoint)), {
    marshallOptions,
    unmarshallOptions,
  })
