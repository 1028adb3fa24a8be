import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { CacheAside } from '../cacheAside/index.ts'
import { neighboursOf } from '../catalog/listing/neighbours.ts'
import { mostRelated } from '../catalog/listing/related.ts'
import type { CardChange } from './cardChanges.ts'
import { inParallel } from './inParallel.ts'
import { demandDone, removalsAtOnce } from './invalidate.ts'
import type { Outcome } from './outcome.ts'

/** How many places are looked around at the same time. */
const placesAtOnce = 16

/**
 * Removes the pages that show a card which has changed: those of the products up to {@link mostRelated} places away,
 * found by two queries for each place, however many products the category has. Each page once in a batch.
 *
 * The index follows the table within moments, as a rule sooner than the stream does. Where it is later, a page that
 * should be removed may be missed, or loaded again as it was: it is right when its entry's minute is over.
 *
 * @returns the number of pages that were removed
 */
export async function fanOut(
  { db, table, pages }: { db: DynamoDBDocumentClient; table: string; pages: CacheAside<unknown> },
  changes: CardChange[],
  outcome: Outcome,
  signal: AbortSignal,
): Promise<number> {
  const taskOf = ({ place }: CardChange) => `neighbours ${place.category} ${place.listedAt}`
  for (const change of changes) outcome.demand(taskOf(change), change.sequenceNumber)
  const around = new Map<CardChange, string[]>()
  await inParallel(changes, { atOnce: placesAtOnce, signal }, (change) =>
    outcome.attempt(taskOf(change), async () => {
      const { newer, older } = await neighboursOf(db, table, change.place, mostRelated, signal)
      around.set(change, [...newer, ...older])
    }),
  )
  const shownOn = new Set<string>()
  // In the order of the batch, so that a page is demanded for the first record that changes it.
  for (const change of changes)
    for (const id of around.get(change) ?? []) {
      shownOn.add(id)
      outcome.demand(`page ${id}`, change.sequenceNumber)
    }
  let removed = 0
  await inParallel([...shownOn], { atOnce: removalsAtOnce, signal }, (id) =>
    outcome.attempt(`page ${id}`, async () => {
      demandDone(await pages.invalidate(id))
      removed++
    }),
  )
  return removed
}
