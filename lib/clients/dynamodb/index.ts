import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { metricsOfRequest } from '../../telemetry/requestMetrics.ts'
import { recordAttempts } from './attempts.ts'
import { connectionsTo, leaveDeadConnections } from './connections.ts'

export { recordCommit } from './attempts.ts'
export { type ErrorKind, kindOf } from './errors.ts'
export { type Attempt, retrying, writing } from './retry.ts'

/** `convertClassInstanceToMap`: else the SDK takes an object with a key `constructor` for a class it does not know. */
export const marshallOptions = { removeUndefinedValues: true, convertClassInstanceToMap: true }

/**
 * A document client for the catalog's table. Connects with the first command, not before.
 *
 * With an endpoint it talks to DynamoDB Local, which takes any credentials; otherwise to AWS with the
 * role of the function. One attempt takes at most 300 ms to connect and 1,000 ms to answer, and there are two.
 */
export function connectDynamoDB(endpoint: string | undefined): DynamoDBDocumentClient {
  const connections = connectionsTo(endpoint)
  const client = new DynamoDBClient({
    ...(endpoint && {
      endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
    maxAttempts: 2,
    // Without throwOnRequestTimeout the time-out is only logged.
    requestHandler: {
      ...connections,
      connectionTimeout: 300,
      requestTimeout: 1000,
      throwOnRequestTimeout: true,
    },
  })
  measureRequests(client)
  recordAttempts(client)
  leaveDeadConnections(client, connections)
  return DynamoDBDocumentClient.from(client, { marshallOptions })
}

const reads = /^(Get|BatchGet|TransactGet|Query|Scan)/

/** What a read tells of its cost; for several tables a list. */
interface Consumed {
  ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[]
}

/** Puts the time of every command, and the number and the units of reads, on the metrics of the request that sends it. */
function measureRequests(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const metrics = metricsOfRequest.getStore()
        if (!metrics) return next(args)
        const isRead = reads.test(commandName ?? '')
        metrics.enterDb()
        try {
          if (!isRead) return await next(args)
          metrics.add('databaseReads')
          const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as typeof args.input
          const result = await next({ ...args, input })
          for (const { CapacityUnits = 0 } of [(result.output as Consumed).ConsumedCapacity ?? []].flat())
            metrics.add('readUnits', CapacityUnits)
          return result
        } finally {
          metrics.leaveDb()
        }
      },
    { step: 'initialize', name: 'measureRequests' },
  )
}
