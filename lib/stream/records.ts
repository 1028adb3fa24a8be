import type { DynamoDBRecord } from 'aws-lambda'
import { unmarshallItem } from '../clients/dynamodb/index.ts'

/** An item of the table, as a stream record contains it. */
export type Image = ReturnType<typeof unmarshallItem>

/** A change of one item. */
export interface Change {
  /** Identifies the record in its shard. */
  sequenceNumber: string
  pk: string
  sk: string
  /** Undefined if the item was created. */
  before: Image | undefined
  /** Undefined if the item was removed. */
  after: Image | undefined
}

/** A record that could not be read, as it was delivered. */
export interface Malformed {
  record: unknown
  error: unknown
  /** Undefined if it could not be read. */
  sequenceNumber: string | undefined
  /** Undefined if it could not be read. */
  pk: string | undefined
}

/** Describes a malformed record by those of its fields that can be read. */
export function malformedRecord(record: unknown, error: unknown): Malformed {
  return { record, error, sequenceNumber: sequenceOf(record), pk: toText(streamed(record)?.Keys?.pk?.S) }
}

/** Returns the sequence number of a record; undefined if it has none. */
export const sequenceOf = (record: unknown): string | undefined => toText(streamed(record)?.SequenceNumber)

/** Returns the age of the oldest record, in ms. Records carry their time only to the second. */
export const oldestMs = (records: unknown[]): number =>
  records.reduce<number>((oldest, record) => {
    const seconds = streamed(record)?.ApproximateCreationDateTime
    return typeof seconds === 'number' ? Math.max(oldest, Date.now() - 1000 * seconds) : oldest
  }, 0)

const streamed = (record: unknown): DynamoDBRecord['dynamodb'] =>
  (record as Partial<DynamoDBRecord> | null | undefined)?.dynamodb

const toText = (value: unknown) => (typeof value === 'string' ? value : undefined)

/**
 * Reads the records of a DynamoDB stream (NEW_AND_OLD_IMAGES) that Lambda delivers.
 *
 * @param onMalformed called for each record that cannot be read, with the reason. The record is skipped: delivered
 *   again, it would still be malformed, and it would block all records after it for a day
 */
export function changesIn(
  records: unknown,
  onMalformed: (record: unknown, error: unknown) => void,
): Change[] {
  if (!Array.isArray(records)) {
    onMalformed(records, new TypeError('The event has no list of Records'))
    return []
  }
  return records.flatMap((record) => {
    try {
      return toChange(record)
    } catch (error) {
      onMalformed(record, error)
      return []
    }
  })
}

function toChange({ dynamodb }: DynamoDBRecord): Change {
  const { pk, sk } = toImage(dynamodb?.Keys) ?? {}
  const before = toImage(dynamodb?.OldImage)
  const after = toImage(dynamodb?.NewImage)
  const sequenceNumber = dynamodb?.SequenceNumber
  if (typeof pk !== 'string' || typeof sk !== 'string') throw new TypeError('The record has no keys')
  if (typeof sequenceNumber !== 'string') throw new TypeError('The record has no sequence number')
  if (!before && !after) throw new TypeError('The record has neither an old nor a new image')
  return { sequenceNumber, pk, sk, before, after }
}

type Attributes = Parameters<typeof unmarshallItem>[0]

const toImage = (image: unknown): Image | undefined =>
  image === undefined || image === null ? undefined : unmarshallItem(withBytes(image as Attributes))

/** Decodes binary values: an event is JSON, so it holds them in base64, like any text. */
const withBytes = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, decode(value)]))

function decode(value: Attributes[string]): Attributes[string] {
  if (value.M) return { M: withBytes(value.M) }
  if (value.L) return { L: value.L.map(decode) }
  if (value.B) return { B: toBytes(value.B) }
  if (value.BS) return { BS: value.BS.map(toBytes) }
  return value
}

const toBytes = (base64: unknown): Uint8Array => Buffer.from(String(base64), 'base64')
