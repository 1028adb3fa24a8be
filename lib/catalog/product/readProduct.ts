import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { type ProductItem, productKey, type Stored, toProduct } from '../table/items.ts'
import type { Product } from './product.ts'

/** Reads a product, strongly consistent. Throws what the SDK throws. */
export async function readProduct(access: TableAccess, id: string): Promise<Product | undefined> {
  const item = await readItem(access, id)
  return item && toProduct(item)
}

/** Reads a product's item, strongly consistent; undefined for one that was deleted. Throws what the SDK throws. */
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

/** The most keys that one BatchGetItem takes. */
export const batchGetSize = 100

/** A product as a cache loads it: its version, also where it was deleted and there is no value. */
export const versioned = (stored: Stored): { value: Product | undefined; version: number } => ({
  value: stored.deleted ? undefined : toProduct(stored),
  version: stored.version,
})

/**
 * Reads many products, strongly consistent, each {@link versioned}; ids that never existed are left out. What one answer
 * has no room for is asked for again.
 *
 * @param ids at most {@link batchGetSize}, each once
 * @throws what the SDK throws, and a `ThrottlingException` for a request that brings nothing at all
 */
export async function readProducts(
  access: TableAccess,
  ids: readonly string[],
): Promise<Map<string, ReturnType<typeof versioned>>> {
  const items = await batchGet<Stored>(access, { Keys: ids.map(productKey), ConsistentRead: true })
  return new Map(items.map((item) => [item.id, versioned(item)]))
}
