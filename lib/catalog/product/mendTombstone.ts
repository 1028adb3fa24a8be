import { randomUUID } from 'node:crypto'
import type { TableAccess } from '../table/access.ts'
import { toTombstone, type UnreadableItem } from '../table/items.ts'
import { putIfVersion } from './putIfVersion.ts'
import type { AttemptResult } from './retryOnConflict.ts'

/**
 * Replaces a tombstone that cannot be read by one that can. The next attempt of the write finds that one, and clears
 * the reviews of the deleted product.
 */
export async function mendTombstone(
  access: TableAccess,
  tombstone: UnreadableItem,
): Promise<AttemptResult<never>> {
  const mended = toTombstone(tombstone, randomUUID())
  const { stored } = await putIfVersion(access, mended, tombstone.version)
  return { found: stored }
}
