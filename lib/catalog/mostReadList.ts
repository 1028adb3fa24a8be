import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { MostRead } from './mostRead.ts'
import { isProductId } from './product/id.ts'
import type { TableAccess } from './table/access.ts'
import { mostReadListKey } from './table/keys.ts'

/** The maximum number of ids in the list. With 128 characters each they stay well below the 400 KB of an item. */
const maxIds = 1_000

/**
 * Stores and returns the ids of the most-read products. The products that Redis counted in the
 * last hour come first, then those of the stored list. The stored list is for the moment when Redis was emptied: Redis
 * has then lost its own counts, and a list of products to warm is needed most.
 *
 * @throws what Redis and the SDK throw
 */
export async function updateMostReadList(access: TableAccess, mostRead: MostRead): Promise<string[]> {
  const [counted, stored] = await Promise.all([mostRead.top(maxIds), readStoredList(access)])
  const ids = [...new Set([...counted, ...stored])].slice(0, maxIds)
  if (ids.join() !== stored.join())
    await access.db.send(new PutCommand({ TableName: access.table, Item: { ...mostReadListKey, ids } }))
  return ids
}

async function readStoredList(access: TableAccess): Promise<string[]> {
  const { Item } = await access.db.send(new GetCommand({ TableName: access.table, Key: mostReadListKey }))
  return Array.isArray(Item?.ids) ? Item.ids.filter((id) => typeof id === 'string' && isProductId(id)) : []
}
