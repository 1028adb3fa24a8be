import type { Invalidation } from '../cacheAside/index.ts'
import type { Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../clients/inParallel.ts'
import type { Removal } from './removals.ts'
import type { Tasks } from './tasks.ts'

/** How many removals are under way at the same time. */
export const removalsAtOnce = 32

/**
 * Removes the entries of each product that changed.
 *
 * @returns of how many products
 */
export async function invalidateAll(
  catalog: Pick<Upkeep, 'remove'>,
  removals: Removal[],
  tasks: Tasks,
  signal: AbortSignal,
): Promise<number> {
  for (const { id, sequenceNumber } of removals) tasks.demand(`entries ${id}`, sequenceNumber)
  let removed = 0
  await inParallel(removals, { atOnce: removalsAtOnce, signal }, ({ id, version }) =>
    tasks.attempt(`entries ${id}`, async () => {
      demandDone(await catalog.remove(id, version))
      removed++
    }),
  )
  return removed
}

/** @throws {Error} for a removal that Redis has not confirmed: its record has to come again */
export function demandDone(invalidation: Invalidation): void {
  if (invalidation === 'deferred') throw new Error('Redis did not confirm a removal')
}
