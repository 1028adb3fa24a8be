import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from './table/access.ts'
import { deadLetterKey } from './table/keys.ts'

/** How long the table holds a dead letter, in seconds: two weeks. */
const ttlSeconds = 14 * 24 * 3600

/** A record of the table's stream that could not be read: its name, its text, and the error. */
export interface DeadLetter {
  name: string
  record: string
  error: string
}

/**
 * Stores a dead letter in the table. Storing it again overwrites the same item.
 *
 * @throws what the SDK throws
 */
export async function storeDeadLetter(
  access: TableAccess,
  { name, record, error }: DeadLetter,
): Promise<void> {
  const expiresAt = Math.floor(Date.now() / 1000) + ttlSeconds
  const Item = { ...deadLetterKey(name), record, error, expiresAt }
  await access.db.send(new PutCommand({ TableName: access.table, Item }), requestOptions(access))
}
