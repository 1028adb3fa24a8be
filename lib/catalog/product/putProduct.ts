import { randomUUID } from 'node:crypto'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { clearReviews } from '../reviews/clearReviews.ts'
import { replacement, toProduct } from '../table/items.ts'
import { onWhatStands } from './onWhatStands.ts'
import { demand, type Precondition } from './precondition.ts'
import type { Product, ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readStored } from './readProduct.ts'

/**
 * Replaces a product, or creates it. The put is conditional on the version that was read just before, so that two
 * writers never lose an update: the later one reads again, and its precondition is judged again. Rating and time of
 * creation stay.
 *
 * @param signal ends it; what was sent by then may have happened
 * @throws {PreconditionFailed} when the product is not as demanded
 * @throws {WriteConflict} when each of five attempts met another writer
 */
export async function putProduct(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
  content: ProductContent,
  precondition: Precondition = {},
  signal?: AbortSignal,
): Promise<{ value: Product; version: number; created: boolean }> {
  const writeId = randomUUID()
  const seen = await readStored(db, table, id, signal)
  return onWhatStands(id, seen, async (current) => {
    const created = !current || current.deleted === true
    demand(precondition, created ? undefined : current.version)
    if (current?.deleted) await clearReviews(db, table, current, signal)
    const item = replacement(id, content, current, writeId)
    const { written, stored } = await putIfVersion(db, table, item, current?.version, signal)
    return written
      ? { done: { value: toProduct(stored), version: stored.version, created } }
      : { found: stored }
  })
}
