import { randomUUID } from 'node:crypto'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { NoSuchProduct, WriteConflict } from '../errors.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import { toTombstone } from '../table/items.ts'
import { demand, type Precondition } from './precondition.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readStored } from './readProduct.ts'

const attempts = 5

/**
 * Deletes a product: a tombstone takes its place, on the condition that it still has the version that was read just
 * before, and then its reviews go. A deletion that ended half way is finished by the next one, which then succeeds.
 *
 * @param signal ends it; what was sent by then may have happened
 * @returns the tombstone's version, which is higher than the product's was
 * @throws {NoSuchProduct} when there is none
 * @throws {PreconditionFailed} when it is not as demanded
 * @throws {WriteConflict} when each of five attempts met another writer
 */
export async function deleteProduct(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
  precondition: Precondition = {},
  signal?: AbortSignal,
): Promise<{ value: undefined; version: number }> {
  const writeId = randomUUID()
  let current = await readStored(db, table, id, signal)
  for (let attempt = 0; attempt <= attempts; attempt++) {
    if (!current || (current.deleted && current.expiresAt !== undefined)) throw new NoSuchProduct(id)
    if (current.deleted) {
      await clearReviews(db, table, current, signal)
      return { value: undefined, version: current.version }
    }
    if (attempt === attempts) break
    demand(precondition, current.version)
    ;({ stored: current } = await putIfVersion(
      db,
      table,
      toTombstone(current, writeId),
      current.version,
      signal,
    ))
  }
  throw new WriteConflict(`Others wrote product ${id} meanwhile, ${attempts} times in a row`)
}
