import type { Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../clients/inParallel.ts'
import type { CardChange } from './cardChanges.ts'
import { demandDone, removalsAtOnce } from './invalidate.ts'
import type { Tasks } from './tasks.ts'

/** How many places are looked around at the same time. */
const placesAtOnce = 16

/**
 * Removes the pages that show a card which has changed: two queries for each place find them, however many products the
 * category has. Each page once in a batch.
 *
 * The index follows the table within moments, as a rule sooner than the stream does. Where it is later, a page that
 * should be removed may be missed, or loaded again as it was: it is right when its entry's minute is over.
 *
 * @returns the number of pages that were removed
 */
export async function fanOut(
  catalog: Pick<Upkeep, 'shownBy' | 'removePage'>,
  changes: CardChange[],
  tasks: Tasks,
  signal: AbortSignal,
): Promise<number> {
  const taskOf = ({ place }: CardChange) => `neighbours ${place.category} ${place.listedAt}`
  for (const change of changes) tasks.demand(taskOf(change), change.sequenceNumber)
  const around = new Map<CardChange, string[]>()
  await inParallel(changes, { atOnce: placesAtOnce, signal }, (change) =>
    tasks.attempt(taskOf(change), async () => {
      around.set(change, await catalog.shownBy(change.place, signal))
    }),
  )
  const shownOn = new Set<string>()
  // In the order of the batch, so that a page is demanded for the first record that changes it.
  for (const change of changes)
    for (const id of around.get(change) ?? []) {
      shownOn.add(id)
      tasks.demand(`page ${id}`, change.sequenceNumber)
    }
  let removed = 0
  await inParallel([...shownOn], { atOnce: removalsAtOnce, signal }, (id) =>
    tasks.attempt(`page ${id}`, async () => {
      demandDone(await catalog.removePage(id))
      removed++
    }),
  )
  return removed
}
