import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { Product } from './product.ts'
import { type ProductItem, productKey, toProduct } from './table.ts'

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

/** Reads a product's item, strongly consistent. Throws what the SDK throws. */
export async function readItem(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
  signal?: AbortSignal,
): Promise<ProductItem | undefined> {
  const { Item } = await db.send(
    new GetCommand({ TableName: table, Key: productKey(id), ConsistentRead: true }),
    signal ? { abortSignal: signal } : {},
  )
  return Item as ProductItem | undefined
}
