import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { toItem } from '../../lib/catalog/table/items.ts'

/**
 * Puts products of one category directly into the table, and the category's count. Each product is `step` ms newer than
 * the one before.
 */
export async function insertProducts(
  db: DynamoDBDocumentClient,
  table: string,
  category: string,
  ids: string[],
  { start = '2026-01-01T00:00:00.000Z', step = 1000, description = '' } = {},
): Promise<void> {
  const price = { amount: 100, currency: 'EUR' }
  const content = {
    description,
    category,
    price,
    variants: [],
    stock: 0,
    images: [],
    tags: [],
    attributes: {},
  }
  const products = ids.map((id, n) => {
    const createdAt = new Date(Date.parse(start) + n * step).toISOString()
    const stored = { ratingSum: 0, ratingCount: 0, version: 1, createdAt, updatedAt: createdAt, writeId: 'w' }
    return toItem(id, { ...content, title: id }, stored)
  })
  await putItems(db, table, [...products, { pk: 'CATEGORIES', sk: category, products: ids.length }])
}

/** Puts any items into the table, 25 at a time. */
export async function putItems(db: DynamoDBDocumentClient, table: string, items: object[]): Promise<void> {
  for (let from = 0; from < items.length; from += 25) {
    const requests = items.slice(from, from + 25).map((Item) => ({ PutRequest: { Item } }))
    await db.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }))
  }
}
