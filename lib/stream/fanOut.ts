import type { Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../project/inParallel.ts'
import type { CardChange } from './cardChanges.ts'
import { assertConfirmed, removalsAtOnce } from './invalidate.ts'
import type { Tasks } from './tasks.ts'

/** For how many places the neighbours are queried at the same time. */
const placesAtOnce = 16

/**
 * Removes the entries of the product pages that show a changed card. Two queries per place find them, however many
 * products the category has. Each page is removed once per batch.
 *
 * The index follows the table with a short delay, usually shorter than the stream's. If the index is slower, a page may
 * be missed, or loaded again with the old card. That page is then wrong until its entry expires, a minute later at
 * most.
 *
 * @returns how many pages were removed
 */
export async function fanOut(
  catalog: Pick<Upkeep, 'pagesShowing' | 'removePage'>,
  changes: CardChange[],
  tasks: Tasks,
  signal: AbortSignal,
): Promise<number> {
  const taskName = ({ place }: CardChange) => `neighbours ${place.category} ${place.listedAt}`
  for (const change of changes) tasks.add(taskName(change), change.sequenceNumber)
  const found = new Map<CardChange, string[]>()
  await inParallel(changes, { atOnce: placesAtOnce, signal }, (change) =>
    tasks.run(taskName(change), async () => {
      found.set(change, await catalog.pagesShowing(change.place, signal))
    }),
  )
  const ids = new Set<string>()
  // In the order of the batch, so that the task of a page names the first record that changes the page.
  for (const change of changes)
    for (const id of found.get(change) ?? []) {
      ids.add(id)
      tasks.add(`page ${id}`, change.sequenceNumber)
    }
  let removed = 0
  await inParallel([...ids], { atOnce: removalsAtOnce, signal }, (id) =>
    tasks.run(`page ${id}`, async () => {
      assertConfirmed(await catalog.removePage(id))
      removed++
    }),
  )
  return removed
}
