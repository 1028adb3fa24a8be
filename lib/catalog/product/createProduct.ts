import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { IdTaken, WriteConflict } from '../errors.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import { replacement, type Tombstone, toProduct } from '../table/items.ts'
import type { Product, ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'

const attempts = 5

/**
 * Creates a product. Done again with the same `writeId` it finds what it did before, and that is success too.
 *
 * @param signal ends it; what was sent by then may have happened
 * @throws {IdTaken} when there is a product of that id
 * @throws {WriteConflict} when others created and deleted it each of five times
 */
export async function createProduct(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
  content: ProductContent,
  writeId: string,
  signal?: AbortSignal,
): Promise<{ value: Product; version: number; created: true }> {
  let current: Tombstone | undefined
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (current) await clearReviews(db, table, current, signal)
    const item = replacement(id, content, current, writeId)
    const { written, stored } = await putIfVersion(db, table, item, current?.version, signal)
    if (stored && !stored.deleted) {
      // An id that was made for this write is nobody else's, also where somebody has edited the product since.
      if (!written && id !== writeId) throw new IdTaken(id)
      return { value: toProduct(stored), version: stored.version, created: true }
    }
    current = stored
  }
  throw new WriteConflict(`Others wrote product ${id} meanwhile, ${attempts} times in a row`)
}
