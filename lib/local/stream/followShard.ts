import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type DynamoDBStreamsClient, GetRecordsCommand } from '@aws-sdk/client-dynamodb-streams'
import type { EventSourceMapping } from './eventSourceMapping.ts'
import { type LambdaRecord, toBatches, toLambdaRecord } from './lambdaRecord.ts'
import { isDiscarded, openAfter, openAtHorizon, type Position, toPosition } from './position.ts'

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
  /** The last delivered record of each shard, by shard id. Delivery starts after it and keeps it up to date. */
  positions: Map<string, Position>
  /** Receives a sentence for each problem, once for each. */
  onWarning: (message: string) => void
  signal: AbortSignal
}

/** The pause after a request that returned no records, in ms. */
const idleMs = 40

/** The longest pause before a failed batch is delivered again, in ms. */
const longestBackoffMs = 1000

/** How long a shard returns no records before its position is checked again, in ms. */
const recheckMs = 1000

/** Delivers the records of one shard until `signal` aborts, or until the shard ends. */
export async function followShard(options: FollowOptions, arn: string, shard: string): Promise<void> {
  const { streams, mapping, positions, signal } = options
  let iterator = await openIterator(options, arn, shard)
  let checkedAt = performance.now()
  while (iterator && !signal.aborted) {
    const read = new GetRecordsCommand({ ShardIterator: iterator, Limit: mapping.batchSize })
    const { Records = [], NextShardIterator } = await streams
      .send(read, { abortSignal: signal })
      .catch(async (error) => {
        // An iterator expires if it is unused for too long, for example because the machine slept.
        if (!isDiscarded(error) && error?.name !== 'ExpiredIteratorException') throw error
        return { Records: [], NextShardIterator: await openIterator(options, arn, shard) }
      })
    const accepted = Records.map((record) => toLambdaRecord(record, arn)).filter((record) =>
      mapping.accepts(record),
    )
    for (const batch of toBatches(accepted)) await deliver(options, batch)
    const last = Records.at(-1)
    if (last && !signal.aborted) positions.set(shard, toPosition(last))
    iterator = NextShardIterator
    if (last) {
      checkedAt = performance.now()
      continue
    }
    await pause(idleMs, signal)
    // The iterator waits for higher numbers. DynamoDB Local may have begun again with lower ones.
    if (iterator && performance.now() - checkedAt > recheckMs && !signal.aborted) {
      iterator = await openIterator(options, arn, shard)
      checkedAt = performance.now()
    }
  }
}

/**
 * Opens an iterator after the position of a shard, or at the oldest record if the position is not held any more.
 *
 * @returns undefined if the shard is closed and was delivered to its end
 */
async function openIterator(options: FollowOptions, arn: string, shard: string): Promise<string | undefined> {
  const { streams, mapping, positions, onWarning, signal } = options
  const at = { streams, arn, shard, signal }
  const position = positions.get(shard)
  if (!position) return openAtHorizon(at)
  const after = await openAfter(position, at)
  if (after !== 'discarded') return after.iterator
  positions.delete(shard)
  onWarning(
    `The stream of ${mapping.table} no longer holds the last record that was delivered. Delivery starts again at the oldest record that it holds`,
  )
  return openAtHorizon(at)
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
