import type { Invalidation } from '../cacheAside/index.ts'
import type { Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../project/inParallel.ts'
import type { Removal } from './removals.ts'
import type { Tasks } from './tasks.ts'

/** How many removals run at the same time. */
export const removalsAtOnce = 32

/**
 * Removes the entries of each product that changed.
 *
 * @returns how many products' entries were removed
 */
export async function invalidateAll(
  catalog: Pick<Upkeep, 'remove'>,
  removals: Removal[],
  tasks: Tasks,
  signal: AbortSignal,
): Promise<number> {
  for (const { id, sequenceNumber } of removals) tasks.add(`entries ${id}`, sequenceNumber)
  let removed = 0
  await inParallel(removals, { atOnce: removalsAtOnce, signal }, ({ id, version }) =>
    tasks.run(`entries ${id}`, async () => {
      assertConfirmed(await catalog.remove(id, version))
      removed++
    }),
  )
  return removed
}

/** @throws {Error} if Redis did not confirm the removal, so that the record is delivered again */
export function assertConfirmed(invalidation: Invalidation): void {
  if (invalidation === 'deferred') throw new Error('Redis did not confirm a removal')
}
