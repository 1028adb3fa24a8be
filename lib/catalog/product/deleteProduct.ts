import { randomUUID } from 'node:crypto'
import { NoSuchProduct } from '../errors.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import type { TableAccess } from '../table/access.ts'
import { type Tombstone, toTombstone } from '../table/items.ts'
import { checkPrecondition, type Precondition } from './precondition.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readStored } from './readProduct.ts'
import { retryOnConflict } from './retryOnConflict.ts'

/**
 * Deletes a product. It first replaces the product by a tombstone, on condition that the product still has the version
 * that was just read, and then deletes the reviews. If a deletion was interrupted, the next one finishes it and
 * succeeds.
 *
 * @returns the tombstone's version, which is higher than the product's
 * @throws {NoSuchProduct} if there is no such product
 * @throws {PreconditionFailed} if the product does not meet the precondition
 * @throws {WriteConflict} if each of five attempts conflicted with another writer
 */
export async function deleteProduct(
  access: TableAccess,
  id: string,
  precondition: Precondition = {},
): Promise<{ value: undefined; version: number }> {
  const writeId = randomUUID()
  const seen = await readStored(access, id)
  return retryOnConflict(id, seen, async (current) => {
    if (!current || (current.deleted && current.expiresAt !== undefined)) throw new NoSuchProduct(id)
    let tombstone: Tombstone
    if (current.deleted) tombstone = current
    else {
      checkPrecondition(precondition, current.version)
      const deletion = toTombstone(current, writeId)
      const { written, stored } = await putIfVersion(access, deletion, current.version)
      if (!written) return { found: stored }
      tombstone = stored
    }
    await clearReviews(access, tombstone)
    return { done: { value: undefined, version: tombstone.version } }
  })
}
