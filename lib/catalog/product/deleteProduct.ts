import { randomUUID } from 'node:crypto'
import { NoSuchProduct } from '../errors.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import type { TableAccess } from '../table/access.ts'
import { toTombstone } from '../table/items.ts'
import { onWhatStands } from './onWhatStands.ts'
import { demand, type Precondition } from './precondition.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readStored } from './readProduct.ts'

/**
 * Deletes a product: a tombstone takes its place, on the condition that it still has the version that was read just
 * before, and then its reviews go. A deletion that ended half way is finished by the next one, which then succeeds.
 *
 * @returns the tombstone's version, which is higher than the product's was
 * @throws {NoSuchProduct} when there is none
 * @throws {PreconditionFailed} when it is not as demanded
 * @throws {WriteConflict} when each of five attempts met another writer
 */
export async function deleteProduct(
  access: TableAccess,
  id: string,
  precondition: Precondition = {},
): Promise<{ value: undefined; version: number }> {
  const writeId = randomUUID()
  const seen = await readStored(access, id)
  return onWhatStands(id, seen, async (current) => {
    if (!current || (current.deleted && current.expiresAt !== undefined)) throw new NoSuchProduct(id)
    let tombstone = current
    if (!current.deleted) {
      demand(precondition, current.version)
      const deletion = toTombstone(current, writeId)
      const { written, stored } = await putIfVersion(access, deletion, current.version)
      if (!written) return { found: stored }
      tombstone = stored
    }
    if (tombstone.deleted) await clearReviews(access, tombstone)
    return { done: { value: undefined, version: tombstone.version } }
  })
}
