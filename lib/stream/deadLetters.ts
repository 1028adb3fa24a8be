import { createHash } from 'node:crypto'
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { deadLetterKey } from '../catalog/table/items.ts'
import { inParallel } from './inParallel.ts'
import type { Outcome } from './outcome.ts'
import type { Malformed } from './records.ts'

/** How long one is kept, s: two weeks. */
const keptFor = 14 * 24 * 3600

/** The most of a record that is kept, in characters of at most three bytes: an item takes 400 KB. */
const longest = 100_000

/** Keeps malformed records in the table, for whoever finds out what they were. Kept again one is the same item. */
export async function keepDeadLetters(
  db: DynamoDBDocumentClient,
  table: string,
  malformed: Malformed[],
  outcome: Outcome,
  signal: AbortSignal,
): Promise<void> {
  const letters = malformed.map(({ record, error, sequenceNumber }) => {
    const text = JSON.stringify(record) ?? String(record)
    const name = sequenceNumber ?? createHash('sha256').update(text).digest('hex')
    outcome.demand(`dead letter ${name}`, sequenceNumber)
    return { name, record: text.slice(0, longest), error: String(error) }
  })
  await inParallel(letters, { atOnce: 8, signal }, ({ name, record, error }) =>
    outcome.attempt(`dead letter ${name}`, () => {
      const expiresAt = Math.floor(Date.now() / 1000) + keptFor
      const Item = { ...deadLetterKey(name), record, error, expiresAt }
      return db.send(new PutCommand({ TableName: table, Item }), { abortSignal: signal })
    }),
  )
}
