import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { deadLetterKey } from './table/items.ts'

/** How long one is kept, s: two weeks. */
const keptFor = 14 * 24 * 3600

/** A record of the table's stream that cannot be read: its name, its text, and what is wrong with it. */
export interface DeadLetter {
  name: string
  record: string
  error: string
}

/** Keeps it in the table. Kept again it is the same item. Throws what the SDK throws. */
export async function keepDeadLetter(
  db: DynamoDBDocumentClient,
  table: string,
  { name, record, error }: DeadLetter,
  signal: AbortSignal,
): Promise<void> {
  const expiresAt = Math.floor(Date.now() / 1000) + keptFor
  const Item = { ...deadLetterKey(name), record, error, expiresAt }
  await db.send(new PutCommand({ TableName: table, Item }), { abortSignal: signal })
}
