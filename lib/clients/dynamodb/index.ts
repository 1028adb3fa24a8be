import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { metricsOfRequest } from '../../telemetry/requestMetrics.ts'
import { recordAttempts } from './attempts.ts'
import { closeDeadConnections, createAgents } from './connections.ts'
import { unmarshallOptions } from './unmarshall.ts'

export { recordCommit } from './attempts.ts'
export { classifyDatabaseError, type ErrorKind } from './errors.ts'
export { createRetry, type Retry, retryBusyWrites } from './retry.ts'
export { NumberValue, unmarshallItem, unmarshallOptions } from './unmarshall.ts'

/** `convertClassInstanceToMap`: without it the SDK takes an object with a key `constructor` for an unknown class. */
export const marshallOptions = { removeUndefinedValues: true, convertClassInstanceToMap: true }

/**
 * Creates a document client for the catalogue's table. It connects with its first command, not before.
 *
 * With an endpoint it connects to DynamoDB Local, which accepts any credentials. Without one it connects to AWS with
 * the role of the function. It makes at most two attempts, each with at most 300 ms to connect and 1,000 ms to
 * respond.
 */
export function connectDynamoDB(endpoint: string | undefined): DynamoDBDocumentClient {
  const agents = createAgents(endpoint)
  const client = new DynamoDBClient({
    ...(endpoint && {
      endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
    maxAttempts: 2,
    // Without throwOnRequestTimeout the SDK only logs the timeout.
    requestHandler: {
      ...agents,
      connectionTimeout: 300,
      requestTimeout: 1000,
      throwOnRequestTimeout: true,
    },
  })
  measureRequests(client)
  recordAttempts(client)
  closeDeadConnections(client, agents)
  return DynamoDBDocumentClient.from(client, { marshallOptions, unmarshallOptions })
}

const reads = /^(Get|BatchGet|TransactGet|Query|Scan)/

/** What a read reports of its cost; a list if it reads several tables. */
interface Consumed {
  ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[]
}

/** Adds the time of every command, and the number and read units of reads, to the metrics of the current request. */
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
