import type { Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../project/inParallel.ts'

/** Named products that are not in the database. A list without members is left out. */
export interface NotStored {
  /** Ids that the database does not know. */
  missing?: string[]
  /** Ids of deleted products: the database holds their tombstones. */
  deleted?: string[]
}

const atOnce = 8

/**
 * Finds the named products that are not in the database. Reads each of them once. After the first read that fails it
 * reads no more, and reports what it has found: the cache can be corrected while the database is down.
 */
export async function findNotStored(
  catalog: Pick<Upkeep, 'stored'>,
  ids: readonly string[],
): Promise<NotStored> {
  const missing: string[] = []
  const deleted: string[] = []
  const failed = new AbortController()
  await inParallel(ids, { atOnce, signal: failed.signal }, async (id) => {
    try {
      const stored = await catalog.stored(id)
      if (!stored) missing.push(id)
      else if (!stored.unreadable && stored.deleted) deleted.push(id)
    } catch {
      failed.abort()
    }
  })
  return { ...(missing.length > 0 && { missing }), ...(deleted.length > 0 && { deleted }) }
}
