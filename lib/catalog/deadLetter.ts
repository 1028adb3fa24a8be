import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from './table/access.ts'
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
  access: TableAccess,
  { name, record, error }: DeadLetter,
): Promise<void> {
  const expiresAt = Math.floor(Date.now() / 1000) + keptFor
  const Item = { ...deadLetterKey(name), record, error, expiresAt }
  await access.db.send(new PutCommand({ TableName: access.table, Item }), requestOptions(access))
}
