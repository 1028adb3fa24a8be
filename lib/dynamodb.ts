import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/**
 * A document client for the catalog's table. Connects with the first command, not before.
 *
 * With `DYNAMODB_ENDPOINT` set it talks to DynamoDB Local, which takes any credentials; otherwise to AWS with the
 * role of the function. One attempt takes at most 300 ms to connect and 1,000 ms to answer, and there are two.
 */
export function connectDynamoDB(endpoint = process.env.DYNAMODB_ENDPOINT): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    ...(endpoint && {
      endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
    maxAttempts: 2,
    // Without throwOnRequestTimeout the time-out is only logged.
    requestHandler: { connectionTimeout: 300, requestTimeout: 1000, throwOnRequestTimeout: true },
  })
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
}
