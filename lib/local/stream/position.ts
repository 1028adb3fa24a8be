import {
  type _Record,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams'

/** The last record of a shard that was delivered. */
export interface Position {
  sequenceNumber: string
  /**
   * The id of the record's event. A sequence number alone is not enough: once DynamoDB Local has discarded every record
   * of its streams, which it does after a day, it gives the same numbers again.
   */
  eventId: string
}

/** Returns the position of a record. */
export const toPosition = ({ dynamodb, eventID }: _Record): Position => ({
  sequenceNumber: dynamodb?.SequenceNumber ?? '',
  eventId: eventID ?? '',
})

/** Returns whether a value that was read from a file is a position. */
export const isPosition = (value: unknown): value is Position => {
  const { sequenceNumber, eventId } = (value ?? {}) as Record<string, unknown>
  return typeof sequenceNumber === 'string' && typeof eventId === 'string'
}

export interface ShardOptions {
  streams: DynamoDBStreamsClient
  arn: string
  shard: string
  signal: AbortSignal
}

/**
 * Opens an iterator after a position.
 *
 * @returns the iterator, which is undefined if the position is the end of a closed shard; or `discarded` if the shard does
 *   not hold the record at the position any more
 */
export async function openAfter(
  position: Position,
  options: ShardOptions,
): Promise<{ iterator: string | undefined } | 'discarded'> {
  const { streams, signal } = options
  try {
    const iterator = await openIterator(options, position)
    const read = new GetRecordsCommand({ ShardIterator: iterator, Limit: 1 })
    const { Records: [record] = [], NextShardIterator } = await streams.send(read, { abortSignal: signal })
    return record?.eventID === position.eventId ? { iterator: NextShardIterator } : 'discarded'
  } catch (error) {
    if (isDiscarded(error) || isUnknownNumber(error)) return 'discarded'
    throw error
  }
}

/** Opens an iterator at the oldest record that a shard holds. */
export const openAtHorizon = (options: ShardOptions): Promise<string | undefined> => openIterator(options)

async function openIterator({ streams, arn, shard, signal }: ShardOptions, at?: Position) {
  const start = at
    ? ({ ShardIteratorType: 'AT_SEQUENCE_NUMBER', SequenceNumber: at.sequenceNumber } as const)
    : ({ ShardIteratorType: 'TRIM_HORIZON' } as const)
  const command = new GetShardIteratorCommand({ StreamArn: arn, ShardId: shard, ...start })
  return (await streams.send(command, { abortSignal: signal })).ShardIterator
}

/**
 * Returns whether an error says that the next record was discarded. A stream keeps a record for 24 h. DynamoDB Local
 * answers so even at the oldest record, as long as all records of the shard are older than that.
 */
export const isDiscarded = (error: unknown): boolean =>
  error instanceof Error && error.name === 'TrimmedDataAccessException'

/** Returns whether an error says that a shard cannot have a sequence number, for example a number from before it. */
const isUnknownNumber = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationException'
