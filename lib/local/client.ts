import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { marshallOptions } from '../dynamodb.ts'

/**
 * A client to set up DynamoDB Local with, more patient than the functions': the first requests to a database that
 * has just started are slow. It accepts any credentials.
 */
export const connectLocal = (endpoint: string): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      requestHandler: { connectionTimeout: 2000, requestTimeout: 15_000, throwOnRequestTimeout: true },
    }),
    { marshallOptions },
  )
