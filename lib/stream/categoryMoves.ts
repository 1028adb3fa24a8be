import { type CategoryMove, countedAtOnce, type Upkeep } from '../catalog/upkeep.ts'
import type { Change, Image } from './records.ts'
import type { Tasks } from './tasks.ts'

/** A move, and the record that tells of it. */
export type ToldMove = CategoryMove & { sequenceNumber: string }

/**
 * What changes say of the categories of products: for each product the last that may have changed its category, in the
 * order of the changes.
 *
 * @param onMalformed told of a product without a version or a category, which is skipped
 */
export function categoryMoves(
  changes: Change[],
  onMalformed: (change: Change, error: unknown) => void,
): ToldMove[] {
  const moves = new Map<string, ToldMove>()
  for (const change of changes) {
    if (change.sk !== 'PRODUCT') continue
    try {
      const move = moveOf(change)
      if (!move) continue
      // To the end: what stands before a move in the list is older than it.
      moves.delete(move.id)
      moves.set(move.id, move)
    } catch (error) {
      onMalformed(change, error)
    }
  }
  return [...moves.values()]
}

/**
 * Counts products under their categories, some at a time, until one time fails.
 *
 * @returns the number of products that were not counted so before
 */
export async function countMoves(
  catalog: Pick<Upkeep, 'countProducts'>,
  moves: ToldMove[],
  tasks: Tasks,
  signal: AbortSignal,
): Promise<number> {
  let counted = 0
  const batches = Array.from({ length: Math.ceil(moves.length / countedAtOnce) }, (_, n) =>
    moves.slice(n * countedAtOnce, (n + 1) * countedAtOnce),
  )
  for (const [n, [first]] of batches.entries()) tasks.demand(`count ${n}`, first?.sequenceNumber)
  for (const [n, batch] of batches.entries()) {
    const done = await tasks.attempt(`count ${n}`, async () => {
      counted += await catalog.countProducts(batch, signal)
    })
    if (!done) break
  }
  return counted
}

function moveOf({ pk, before, after, sequenceNumber }: Change): ToldMove | undefined {
  const category = after && categoryIn(after)
  if (category === (before && categoryIn(before))) return undefined
  const version = (after ?? before)?.version
  if (typeof version !== 'number') throw new TypeError('A product lacks its version')
  // An item that is gone is later than the last version that it had.
  const asOf = after ? version : version + 0.5
  return { id: pk.slice(pk.indexOf('#') + 1), category, asOf, sequenceNumber }
}

/** Of a tombstone: none. */
function categoryIn({ deleted, category }: Image): string | undefined {
  if (deleted === true) return undefined
  if (typeof category !== 'string') throw new TypeError('A product lacks its category')
  return category
}
