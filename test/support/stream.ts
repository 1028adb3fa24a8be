import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished } from 'vitest'
import { localAccess } from '../../lib/local/servers/client.ts'
import type { LambdaRecord } from '../../lib/local/stream/event.ts'
import { streamMapping } from '../../lib/local/stream/filter.ts'
import { followStream, type PollerOptions } from '../../lib/local/stream/poller.ts'
import { endpointOfWorker } from './dynamodb.ts'

/** A client of the streams of the run's DynamoDB Local. */
export const connectStreams = (): DynamoDBStreamsClient =>
  new DynamoDBStreamsClient(localAccess(endpointOfWorker()))

/** Follows the stream of a table until the test ends, or `stop` is called. */
export function follow(
  db: DynamoDBDocumentClient,
  table: string,
  invoke: PollerOptions['invoke'],
  options: Partial<PollerOptions> = {},
) {
  const end = new AbortController()
  const troubles: string[] = []
  const followed = followStream({
    ...{ db, streams: connectStreams(), mapping: { ...streamMapping(), table }, invoke, signal: end.signal },
    positions: new Map(),
    onTrouble: (what) => troubles.push(what),
    ...options,
  })
  const stop = () => {
    end.abort()
    return followed
  }
  onTestFinished(stop)
  return { troubles, stop }
}

/** The records of a table's stream, as Lambda would deliver them, once there are so many. */
export async function recordsOf(
  db: DynamoDBDocumentClient,
  table: string,
  count: number,
): Promise<LambdaRecord[]> {
  const records: LambdaRecord[] = []
  const { stop } = follow(db, table, async (some) => {
    records.push(...some)
    return []
  })
  await expect.poll(() => records.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count)
  await stop()
  return records
}

/** The event of a delivery. */
export const deliveryOf = (records: unknown) => ({ Records: records }) as never
