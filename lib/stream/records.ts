import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'

/** An item of the table, as a stream record shows it. */
export type Image = ReturnType<typeof unmarshall>

/** A change of one item. */
export interface Change {
  /** Names the record in its shard. */
  sequenceNumber: string
  pk: string
  sk: string
  /** Undefined where the item was created. */
  before: Image | undefined
  /** Undefined where the item was removed. */
  after: Image | undefined
}

/** What is no record of a product's change, as it was delivered. */
export interface Malformed {
  record: unknown
  error: unknown
  /** Where they can be read. */
  sequenceNumber: string | undefined
  pk: string | undefined
}

/** Something malformed, with what can be read of it. */
export function malformedRecord(record: unknown, error: unknown): Malformed {
  return { record, error, sequenceNumber: sequenceOf(record), pk: textOf(streamed(record)?.Keys?.pk?.S) }
}

/** The sequence number of a record, if it is one. */
export const sequenceOf = (record: unknown): string | undefined => textOf(streamed(record)?.SequenceNumber)

/** How long ago the oldest of the records was made, ms; to the second, as they say it. */
export const oldestMs = (records: unknown[]): number =>
  records.reduce<number>((oldest, record) => {
    const seconds = streamed(record)?.ApproximateCreationDateTime
    return typeof seconds === 'number' ? Math.max(oldest, Date.now() - 1000 * seconds) : oldest
  }, 0)

const streamed = (record: unknown): DynamoDBRecord['dynamodb'] =>
  (record as Partial<DynamoDBRecord> | null | undefined)?.dynamodb

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

/**
 * Reads the records of a DynamoDB stream (NEW_AND_OLD_IMAGES) that Lambda delivers.
 *
 * @param onMalformed told of each record that cannot be read, with the reason. It is skipped: delivered again it would be no
 *   better, and hold up all that follow it for a day
 */
export function changesIn(
  records: unknown,
  onMalformed: (record: unknown, error: unknown) => void,
): Change[] {
  if (!Array.isArray(records)) {
    onMalformed(records, new TypeError('An event has no list of Records'))
    return []
  }
  return records.flatMap((record) => {
    try {
      return changeOf(record)
    } catch (error) {
      onMalformed(record, error)
      return []
    }
  })
}

function changeOf({ dynamodb }: DynamoDBRecord): Change {
  const { pk, sk } = imageOf(dynamodb?.Keys) ?? {}
  const before = imageOf(dynamodb?.OldImage)
  const after = imageOf(dynamodb?.NewImage)
  const sequenceNumber = dynamodb?.SequenceNumber
  if (typeof pk !== 'string' || typeof sk !== 'string') throw new TypeError('A record lacks its keys')
  if (typeof sequenceNumber !== 'string') throw new TypeError('A record lacks its sequence number')
  if (!before && !after) throw new TypeError('A record has neither image')
  return { sequenceNumber, pk, sk, before, after }
}

const imageOf = (image: unknown): Image | undefined =>
  image === undefined || image === null ? undefined : unmarshall(image as Parameters<typeof unmarshall>[0])
