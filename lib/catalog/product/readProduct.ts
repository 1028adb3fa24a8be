import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { type ProductItem, type Stored, toProduct } from '../table/items.ts'
import { productKey } from '../table/keys.ts'
import type { Product } from './product.ts'

/** Reads a product, strongly consistent. Throws what the SDK throws. */
export async function readProduct(access: TableAccess, id: string): Promise<Product | undefined> {
  const item = await readItem(access, id)
  return item && toProduct(item)
}

/** Reads a product's item, strongly consistent. A deleted product is undefined. Throws what the SDK throws. */
export async function readItem(access: TableAccess, id: string): Promise<ProductItem | undefined> {
  const stored = await readStored(access, id)
  return stored?.deleted ? undefined : stored
}

/** Reads a product's item or its tombstone, strongly consistent. Throws what the SDK throws. */
export async function readStored(access: TableAccess, id: string): Promise<Stored | undefined> {
  const { Item } = await access.db.send(
    new GetCommand({ TableName: access.table, Key: productKey(id), ConsistentRead: true }),
    requestOptions(access),
  )
  return Item as Stored | undefined
}

/** Converts a stored item to what a cache loads. A deleted product has a version, and no value. */
export const toLoaded = (stored: Stored): { value: Product | undefined; version: number } => ({
  value: stored.deleted ? undefined : toProduct(stored),
  version: stored.version,
})

/**
 * Reads many products for a cache, strongly consistent. Ids that never existed are left out. Keys that did not fit into
 * one response are requested again.
 *
 * @param ids at most 100, the limit of a BatchGetItem, without duplicates
 * @throws what the SDK throws, and a `ThrottlingException` if a response contains none of the requested keys
 */
export async function readProducts(
  access: TableAccess,
  ids: readonly string[],
): Promise<Map<string, ReturnType<typeof toLoaded>>> {
  const items = await batchGet<Stored>(access, { Keys: ids.map(productKey), ConsistentRead: true })
  return new Map(items.map((item) => [item.id, toLoaded(item)]))
}
