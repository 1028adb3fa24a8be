import type { _Record, AttributeValue } from '@aws-sdk/client-dynamodb-streams'

/** A record as Lambda hands it to a function: times in seconds, bytes in base64. */
export const toLambda = ({ dynamodb = {}, ...record }: _Record, streamArn: string) => ({
  ...record,
  eventSourceARN: streamArn,
  dynamodb: {
    ...dynamodb,
    ApproximateCreationDateTime: Math.floor((dynamodb.ApproximateCreationDateTime?.getTime() ?? 0) / 1000),
    ...(dynamodb.Keys && { Keys: imageOf(dynamodb.Keys) }),
    ...(dynamodb.NewImage && { NewImage: imageOf(dynamodb.NewImage) }),
    ...(dynamodb.OldImage && { OldImage: imageOf(dynamodb.OldImage) }),
  },
})

export type LambdaRecord = ReturnType<typeof toLambda>

/** Bytes. An invocation takes 6 MB. */
const largestEvent = 5 * 1024 * 1024

/** The records, in their order, in batches that an invocation takes. */
export function batchesOf(records: LambdaRecord[]): LambdaRecord[][] {
  const batches: LambdaRecord[][] = []
  let room = 0
  for (const record of records) {
    const bytes = Buffer.byteLength(JSON.stringify(record))
    if (bytes > room || batches.length === 0) {
      batches.push([])
      room = largestEvent
    }
    batches.at(-1)?.push(record)
    room -= bytes
  }
  return batches
}

const imageOf = (image: Record<string, AttributeValue>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(image).map(([name, value]) => [name, attributeOf(value)]))

function attributeOf(value: AttributeValue): unknown {
  if (value.B) return { B: base64(value.B) }
  if (value.BS) return { BS: value.BS.map(base64) }
  if (value.M) return { M: imageOf(value.M) }
  if (value.L) return { L: value.L.map(attributeOf) }
  // DynamoDB Local says nothing of what an empty map is.
  return Object.keys(value).length === 0 ? { M: {} } : value
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
