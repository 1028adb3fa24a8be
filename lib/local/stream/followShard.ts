import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams'
import type { EventSourceMapping } from './eventSourceMapping.ts'
import { type LambdaRecord, toBatches, toLambdaRecord } from './lambdaRecord.ts'

export interface FollowOptions {
  db: DynamoDBClient
  streams: DynamoDBStreamsClient
  mapping: EventSourceMapping
  /**
   * Invokes the function.
   *
   * @returns the sequence numbers of the failed records; the first of them and all later records are delivered again
   * @throws if all records failed
   */
  invoke: (records: LambdaRecord[], signal: AbortSignal) => Promise<string[]>
  /**
   * The sequence number of the last delivered record of each shard, by shard id. Delivery starts after it and keeps it
   * up to date.
   */
  positions: Map<string, string>
  /** Receives a sentence for each problem, once for each. */
  onWarning: (message: string) => void
  signal: AbortSignal
}

/** The pause after a request that returned no records, in ms. */
const idleMs = 40

/** The longest pause before a failed batch is delivered again, in ms. */
const longestBackoffMs = 1000

/** Delivers the records of one shard until `signal` aborts, or until the shard ends. */
export async function followShard(options: FollowOptions, arn: string, shard: string): Promise<void> {
  const { streams, mapping, positions, signal } = options
  const abort = { abortSignal: signal }
  const openIterator = async () => {
    const last = positions.get(shard)
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({
        StreamArn: arn,
        ShardId: shard,
        ...(last
          ? { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: last }
          : { ShardIteratorType: 'TRIM_HORIZON' }),
      }),
      abort,
    )
    return ShardIterator
  }
  let iterator = await openIterator()
  while (iterator && !signal.aborted) {
    const { Records = [], NextShardIterator } = await streams
      .send(new GetRecordsCommand({ ShardIterator: iterator, Limit: mapping.batchSize }), abort)
      .catch(async (error) => {
        // The saved position is older than the 24 h that a stream keeps its records.
        if (error?.name === 'TrimmedDataAccessException') positions.delete(shard)
        // The iterator was unused for too long, for example because the machine slept.
        else if (error?.name !== 'ExpiredIteratorException') throw error
        return { Records: [], NextShardIterator: await openIterator() }
      })
    const accepted = Records.map((record) => toLambdaRecord(record, arn)).filter((record) =>
      mapping.accepts(record),
    )
    for (const batch of toBatches(accepted)) await deliver(options, batch)
    const last = Records.at(-1)?.dynamodb?.SequenceNumber
    if (last && !signal.aborted) positions.set(shard, last)
    iterator = NextShardIterator
    if (Records.length === 0) await pause(idleMs, signal)
  }
}

/** Delivers a batch, and retries its failed records with a growing backoff until all have succeeded. */
async function deliver({ invoke, onWarning, signal }: FollowOptions, batch: LambdaRecord[]): Promise<void> {
  let rest = batch
  for (let attempt = 0; rest.length > 0 && !signal.aborted; attempt++) {
    if (attempt > 0) await pause(Math.min(100 * 2 ** attempt, longestBackoffMs), signal)
    let failed: string[]
    try {
      failed = await invoke(rest, signal)
    } catch (error) {
      if (attempt === 0 && !signal.aborted)
        onWarning(`The function failed. ${rest.length} stream records are delivered again: ${error}`)
      continue
    }
    const first = rest.findIndex(({ dynamodb }) => failed.includes(dynamodb.SequenceNumber ?? ''))
    if (failed.length === 0) return
    if (attempt === 0)
      onWarning(
        `The function could not process ${first < 0 ? rest.length : rest.length - first} of ${rest.length} stream records. They are delivered again`,
      )
    // A sequence number that is not in the batch means that the whole batch failed.
    if (first > 0) rest = rest.slice(first)
  }
}

/** Waits for `ms` or until `signal` aborts. Never throws. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => {})
