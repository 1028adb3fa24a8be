import type { _Record, AttributeValue } from '@aws-sdk/client-dynamodb-streams'

/** Converts a stream record to the form that Lambda passes to a function: times in seconds, bytes in base64. */
export const toLambdaRecord = ({ dynamodb = {}, ...record }: _Record, streamArn: string) => ({
  ...record,
  eventSourceARN: streamArn,
  dynamodb: {
    ...dynamodb,
    ApproximateCreationDateTime: Math.floor((dynamodb.ApproximateCreationDateTime?.getTime() ?? 0) / 1000),
    ...(dynamodb.Keys && { Keys: toJsonImage(dynamodb.Keys) }),
    ...(dynamodb.NewImage && { NewImage: toJsonImage(dynamodb.NewImage) }),
    ...(dynamodb.OldImage && { OldImage: toJsonImage(dynamodb.OldImage) }),
  },
})

export type LambdaRecord = ReturnType<typeof toLambdaRecord>

/** The largest batch, bytes. An invocation accepts 6 MB. */
const mostBatchBytes = 5 * 1024 * 1024

/** Splits records, in order, into batches that an invocation accepts. */
export function toBatches(records: LambdaRecord[]): LambdaRecord[][] {
  const batches: LambdaRecord[][] = []
  let room = 0
  for (const record of records) {
    const bytes = Buffer.byteLength(JSON.stringify(record))
    if (bytes > room || batches.length === 0) {
      batches.push([])
      room = mostBatchBytes
    }
    batches.at(-1)?.push(record)
    room -= bytes
  }
  return batches
}

const toJsonImage = (image: Record<string, AttributeValue>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(image).map(([name, value]) => [name, toJsonValue(value)]))

function toJsonValue(value: AttributeValue): unknown {
  if (value.B) return { B: toBase64(value.B) }
  if (value.BS) return { BS: value.BS.map(toBase64) }
  if (value.M) return { M: toJsonImage(value.M) }
  if (value.L) return { L: value.L.map(toJsonValue) }
  // DynamoDB Local sends an empty map without its type.
  return Object.keys(value).length === 0 ? { M: {} } : value
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
