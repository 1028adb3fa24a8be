import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { batchGet } from '../table/batchGet.ts'
import { type ProductItem, productKey, type Stored, toProduct } from '../table/items.ts'
import type { Product } from './product.ts'

/** Reads a product, strongly consistent. Throws what the SDK throws. */
export async function readProduct(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
  signal?: AbortSignal,
): Promise<Product | undefined> {
  const item = await readItem(db, table, id, signal)
  return item && toProduct(item)
}

/** Reads a product's item, strongly consistent; undefined for one that was deleted. Throws what the SDK throws. */
export async function readItem(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
  signal?: AbortSignal,
): Promise<ProductItem | undefined> {
  const stored = await readStored(db, table, id, signal)
  return stored?.deleted ? undefined : stored
}

/** Reads a product's item or its tombstone, strongly consistent. Throws what the SDK throws. */
export async function readStored(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
  signal?: AbortSignal,
): Promise<Stored | undefined> {
  const { Item } = await db.send(
    new GetCommand({ TableName: table, Key: productKey(id), ConsistentRead: true }),
    signal ? { abortSignal: signal } : {},
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
  db: DynamoDBDocumentClient,
  table: string,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, ReturnType<typeof versioned>>> {
  const items = await batchGet<Stored>(db, table, { Keys: ids.map(productKey), ConsistentRead: true }, signal)
  return new Map(items.map((item) => [item.id, versioned(item)]))
}
