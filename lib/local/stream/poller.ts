import { setTimeout as sleep } from 'node:timers/promises'
import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
} from '@aws-sdk/client-dynamodb-streams'
import { batchesOf, type LambdaRecord, toLambda } from './event.ts'
import type { Mapping } from './filter.ts'

export interface PollerOptions {
  db: DynamoDBClient
  streams: DynamoDBStreamsClient
  mapping: Mapping
  /**
   * Invokes the function.
   *
   * @returns the sequence numbers of the records that failed; the first of them and all that follow come again
   * @throws when all of them failed
   */
  invoke: (records: LambdaRecord[], signal: AbortSignal) => Promise<string[]>
  /** Up to which record each shard is delivered, by its id; begins there, and is kept up to date. */
  positions: Map<string, string>
  /** told once of each trouble, in words */
  onTrouble: (what: string) => void
  signal: AbortSignal
}

/** How long a shard that had nothing is left alone, ms. */
const idleMs = 40

/** The longest pause before what failed is delivered again, ms. */
const longestPauseMs = 1000

/** How often it is looked whether the table has another stream by now, and the stream other shards, ms. */
const lookMs = 1000

/**
 * Delivers a table's stream to a function as Lambda's event source mapping does: from its beginning on, or from where it
 * stopped, in the order of each shard, a parent before its children, in batches, each again until it has succeeded.
 * Nothing is dropped, and a table that is made anew is followed as well.
 *
 * Ends with `signal`, and then has nothing under way.
 */
export async function followStream(options: PollerOptions): Promise<void> {
  const { signal, onTrouble } = options
  let trouble: string | undefined
  while (!signal.aborted) {
    try {
      const arn = await streamArn(options)
      if (arn) await follow(options, arn)
      else await pause(lookMs, signal)
      trouble = undefined
    } catch (error) {
      if (signal.aborted) return
      const what = `The stream of ${options.mapping.table} cannot be read, and is tried again: ${String(error)}`
      if (what !== trouble) onTrouble(what)
      trouble = what
      await pause(lookMs, signal)
    }
  }
}

/** Follows one stream, until the table has another one. */
async function follow(options: PollerOptions, arn: string): Promise<void> {
  const { signal } = options
  /** The shards that are followed, and those that are delivered to their end. */
  const running = new Map<string, Promise<void>>()
  const ended = new Set<string>()
  const other = new AbortController()
  const within = { ...options, signal: AbortSignal.any([signal, other.signal]) }
  let failure: unknown
  try {
    while (!signal.aborted && !failure) {
      const shards = await shardsOf(options, arn)
      const known = new Set(shards.map(({ ShardId }) => ShardId))
      for (const { ShardId = '', ParentShardId } of shards) {
        // A parent that is not listed any more is older than the stream keeps records.
        const held = ParentShardId && known.has(ParentShardId) && !ended.has(ParentShardId)
        if (held || running.has(ShardId)) continue
        const run = followShard(within, arn, ShardId).then(
          () => void ended.add(ShardId),
          (error) => {
            failure ??= error
          },
        )
        running.set(ShardId, run)
      }
      const open = [...running].filter(([id]) => !ended.has(id)).map(([, run]) => run)
      await Promise.race([...open, pause(lookMs, signal)])
      if ((await streamArn(options)) !== arn) return
    }
    if (failure) throw failure
  } finally {
    other.abort()
    await Promise.all(running.values())
  }
}

/** Delivers one shard, to its end if it has one. */
async function followShard(options: PollerOptions, arn: string, shard: string): Promise<void> {
  const { streams, mapping, positions, signal } = options
  const abort = { abortSignal: signal }
  const start = async () => {
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
  let iterator = await start()
  while (iterator && !signal.aborted) {
    const { Records = [], NextShardIterator } = await streams
      .send(new GetRecordsCommand({ ShardIterator: iterator, Limit: mapping.batchSize }), abort)
      .catch(async (error) => {
        // What it stood before is older than a day by now.
        if (error?.name === 'TrimmedDataAccessException') positions.delete(shard)
        // It was not used for too long, as on a machine that has slept.
        else if (error?.name !== 'ExpiredIteratorException') throw error
        return { Records: [], NextShardIterator: await start() }
      })
    const wanted = Records.map((record) => toLambda(record, arn)).filter((record) => mapping.wants(record))
    for (const batch of batchesOf(wanted)) await deliver(options, batch)
    const last = Records.at(-1)?.dynamodb?.SequenceNumber
    if (last && !signal.aborted) positions.set(shard, last)
    iterator = NextShardIterator
    if (Records.length === 0) await pause(idleMs, signal)
  }
}

/** Delivers a batch, and what failed of it again, later each time, until all of it has succeeded. */
async function deliver({ invoke, onTrouble, signal }: PollerOptions, batch: LambdaRecord[]): Promise<void> {
  let rest = batch
  for (let attempt = 0; rest.length > 0 && !signal.aborted; attempt++) {
    if (attempt > 0) await pause(Math.min(100 * 2 ** attempt, longestPauseMs), signal)
    let failed: string[]
    try {
      failed = await invoke(rest, signal)
    } catch (error) {
      if (attempt === 0 && !signal.aborted)
        onTrouble(`${rest.length} records were not taken, and come again: ${error}`)
      continue
    }
    const first = rest.findIndex(({ dynamodb }) => failed.includes(dynamodb.SequenceNumber ?? ''))
    if (failed.length === 0) return
    if (attempt === 0)
      onTrouble(`Of ${rest.length} records ${first < 0 ? 'all' : rest.length - first} come again`)
    // A failure that names no record of the batch is one of the whole batch.
    if (first > 0) rest = rest.slice(first)
  }
}

async function streamArn({ db, mapping, signal }: PollerOptions): Promise<string | undefined> {
  const described = db.send(new DescribeTableCommand({ TableName: mapping.table }), { abortSignal: signal })
  return (await described).Table?.LatestStreamArn
}

async function shardsOf({ streams, signal }: PollerOptions, arn: string): Promise<Shard[]> {
  const shards: Shard[] = []
  let from: string | undefined
  do {
    const { StreamDescription } = await streams.send(
      new DescribeStreamCommand({ StreamArn: arn, ...(from && { ExclusiveStartShardId: from }) }),
      { abortSignal: signal },
    )
    shards.push(...(StreamDescription?.Shards ?? []))
    from = StreamDescription?.LastEvaluatedShardId
  } while (from)
  return shards
}

/** Waits, at most until `signal`; does not throw. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => {})
