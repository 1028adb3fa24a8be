import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'

/** The most ids that are kept: of 128 characters each they stay well below the 400 KB of an item. */
export const mostKept = 1_000

const key = { pk: 'TOP', sk: 'PRODUCTS' }

/**
 * The list of most read products as the table keeps it, since Redis loses its own when it is emptied: just when it is
 * needed. Throws what the SDK throws.
 */
export async function readKeptTop(db: DynamoDBDocumentClient, table: string): Promise<string[]> {
  const { Item } = await db.send(new GetCommand({ TableName: table, Key: key }))
  return Item?.ids ?? []
}

/** Keeps a list for the next time. Throws what the SDK throws. */
export async function keepTop(db: DynamoDBDocumentClient, table: string, ids: string[]): Promise<void> {
  await db.send(new PutCommand({ TableName: table, Item: { ...key, ids: ids.slice(0, mostKept) } }))
}
