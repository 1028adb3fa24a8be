import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import { DescribeStreamCommand, type Shard } from '@aws-sdk/client-dynamodb-streams'
import { type FollowOptions, followShard, pause } from './followShard.ts'

export type { FollowOptions } from './followShard.ts'

/** How often to check for a new stream of the table and for new shards of the stream, in ms. */
const checkMs = 1000

/**
 * Delivers a table's stream to a function, as an event source mapping of Lambda does.
 *
 * Delivery starts at the beginning of the stream or at the saved positions. It keeps the order within a shard, and
 * delivers a parent shard before its children. It retries each batch until the batch has succeeded, so no record is
 * lost. If the table is created again, delivery continues with the new stream.
 *
 * Resolves when `signal` has aborted and no request is in progress.
 */
export async function followStream(options: FollowOptions): Promise<void> {
  const { signal, onWarning } = options
  let lastWarning: string | undefined
  while (!signal.aborted) {
    try {
      const arn = await readStreamArn(options)
      if (arn) await followShards(options, arn)
      else await pause(checkMs, signal)
      lastWarning = undefined
    } catch (error) {
      if (signal.aborted) return
      const warning = `Cannot read the stream of ${options.mapping.table}. Trying again: ${String(error)}`
      if (warning !== lastWarning) onWarning(warning)
      lastWarning = warning
      await pause(checkMs, signal)
    }
  }
}

/** Follows the shards of one stream until the table has another stream. */
async function followShards(options: FollowOptions, arn: string): Promise<void> {
  const { signal } = options
  const started = new Map<string, Promise<void>>()
  /** The shards that were delivered to their end. */
  const ended = new Set<string>()
  const stopShards = new AbortController()
  const shardOptions = { ...options, signal: AbortSignal.any([signal, stopShards.signal]) }
  let failure: unknown
  try {
    while (!signal.aborted && !failure) {
      const shards = await readShards(options, arn)
      const listed = new Set(shards.map(({ ShardId }) => ShardId))
      for (const { ShardId = '', ParentShardId } of shards) {
        // A parent that is not listed is older than the records that the stream keeps.
        const waitsForParent = ParentShardId && listed.has(ParentShardId) && !ended.has(ParentShardId)
        if (waitsForParent || started.has(ShardId)) continue
        const run = followShard(shardOptions, arn, ShardId).then(
          () => void ended.add(ShardId),
          (error) => {
            failure ??= error
          },
        )
        started.set(ShardId, run)
      }
      const open = [...started].filter(([id]) => !ended.has(id)).map(([, run]) => run)
      await Promise.race([...open, pause(checkMs, signal)])
      if ((await readStreamArn(options)) !== arn) return
    }
    if (failure) throw failure
  } finally {
    stopShards.abort()
    await Promise.all(started.values())
  }
}

async function readStreamArn({ db, mapping, signal }: FollowOptions): Promise<string | undefined> {
  const described = db.send(new DescribeTableCommand({ TableName: mapping.table }), { abortSignal: signal })
  return (await described).Table?.LatestStreamArn
}

async function readShards({ streams, signal }: FollowOptions, arn: string): Promise<Shard[]> {
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
