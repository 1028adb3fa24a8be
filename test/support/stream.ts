import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { DynamoDBStreamEvent } from 'aws-lambda'
import { expect, onTestFinished } from 'vitest'
import { localClientConfig } from '../../lib/local/servers/client.ts'
import { readEventSourceMapping } from '../../lib/local/stream/eventSourceMapping.ts'
import { type FollowOptions, followStream } from '../../lib/local/stream/followStream.ts'
import type { LambdaRecord } from '../../lib/local/stream/lambdaRecord.ts'
import { testDynamodbEndpoint } from './dynamodb.ts'

/** Connects a client of the streams of the run's DynamoDB Local. */
export const connectStreams = (): DynamoDBStreamsClient =>
  new DynamoDBStreamsClient(localClientConfig(testDynamodbEndpoint()))

/** Follows the stream of a table until the test ends or `stop` is called. `warnings` collects its warnings. */
export function followTable(
  db: DynamoDBDocumentClient,
  table: string,
  invoke: FollowOptions['invoke'],
  options: Partial<FollowOptions> = {},
) {
  const end = new AbortController()
  const warnings: string[] = []
  const followed = followStream({
    ...{
      db,
      streams: connectStreams(),
      mapping: { ...readEventSourceMapping(), table },
      invoke,
      signal: end.signal,
    },
    positions: new Map(),
    onWarning: (warning) => warnings.push(warning),
    ...options,
  })
  const stop = () => {
    end.abort()
    return followed
  }
  onTestFinished(stop)
  return { warnings, stop }
}

/** Waits until a table's stream has `count` records, and returns them as Lambda delivers them. */
export async function readRecords(
  db: DynamoDBDocumentClient,
  table: string,
  count: number,
): Promise<LambdaRecord[]> {
  const records: LambdaRecord[] = []
  const { stop } = followTable(db, table, async (batch) => {
    records.push(...batch)
    return []
  })
  await expect.poll(() => records.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count)
  await stop()
  return records
}

/** Returns the event of a delivery. The records may be malformed. */
export const toStreamEvent = (records: unknown) => ({ Records: records }) as DynamoDBStreamEvent
