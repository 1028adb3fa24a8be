import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { MostRead } from './mostRead.ts'
import type { TableAccess } from './table/access.ts'

/** The most ids that are kept: of 128 characters each they stay well below the 400 KB of an item. */
const mostKept = 1_000

const key = { pk: 'TOP', sk: 'PRODUCTS' }

/**
 * The most read products: what Redis counted of late, then what the table has kept of earlier lists; and keeps that. Redis
 * loses its own list when it is emptied, just when it is needed.
 *
 * @throws what Redis and the SDK throw
 */
export async function mostReadIds(access: TableAccess, mostRead: MostRead): Promise<string[]> {
  const [counted, kept] = await Promise.all([mostRead.top(mostKept), readKept(access)])
  const all = [...new Set([...counted, ...kept])].slice(0, mostKept)
  if (all.join() !== kept.join())
    await access.db.send(new PutCommand({ TableName: access.table, Item: { ...key, ids: all } }))
  return all
}

async function readKept(access: TableAccess): Promise<string[]> {
  const { Item } = await access.db.send(new GetCommand({ TableName: access.table, Key: key }))
  return Item?.ids ?? []
}
