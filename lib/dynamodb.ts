import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** `convertClassInstanceToMap`: else the SDK takes an object with a key `constructor` for a class it does not know. */
export const marshallOptions = { removeUndefinedValues: true, convertClassInstanceToMap: true }

/**
 * A document client for the catalog's table. Connects with the first command, not before.
 *
 * With an endpoint it talks to DynamoDB Local, which takes any credentials; otherwise to AWS with the
 * role of the function. One attempt takes at most 300 ms to connect and 1,000 ms to answer, and there are two.
 */
export function connectDynamoDB(endpoint: string | undefined): DynamoDBDocumentClient {
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
  return DynamoDBDocumentClient.from(client, { marshallOptions })
}

/** Whether an error says that DynamoDB did not do its work, and may do it on another try: throttled, slow, away. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { name, code, $fault } = error as Error & { code?: string; $fault?: string }
  return $fault === 'server' || transient.test(name) || transient.test(code ?? '')
}

const transient =
  /^(ProvisionedThroughputExceeded|Throttling|ThrottlingException|RequestLimitExceeded|TransactionInProgress|Timeout|Abort|E(CONN|TIMEDOUT|PIPE|AI_AGAIN|NOTFOUND|HOSTUNREACH|NETUNREACH))/
