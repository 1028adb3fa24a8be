import { type CategoryMove, isVersion, movesPerTransaction, type Upkeep } from '../catalog/upkeep.ts'
import type { Change, Image } from './records.ts'
import type { Tasks } from './tasks.ts'

/** A move, and the record that it comes from. */
export type RecordedMove = CategoryMove & { sequenceNumber: string }

/**
 * Returns the changes of products' categories: for each product, the last change that may have moved it, in the order
 * of the changes.
 *
 * @param onMalformed called for a product without a version or a category, which is skipped
 */
export function categoryMoves(
  changes: Change[],
  onMalformed: (change: Change, error: unknown) => void,
): RecordedMove[] {
  const moves = new Map<string, RecordedMove>()
  for (const change of changes) {
    if (change.sk !== 'PRODUCT') continue
    try {
      const move = toMove(change)
      if (!move) continue
      // Moves the product to the end of the map, so that the moves stay in the order of their records.
      moves.delete(move.id)
      moves.set(move.id, move)
    } catch (error) {
      onMalformed(change, error)
    }
  }
  return [...moves.values()]
}

/**
 * Counts products in their categories, one transaction after another, until one fails.
 *
 * @returns how many products' counts changed
 */
export async function countMoves(
  catalog: Pick<Upkeep, 'countProducts'>,
  moves: RecordedMove[],
  tasks: Tasks,
  signal: AbortSignal,
): Promise<number> {
  let counted = 0
  const batches = Array.from({ length: Math.ceil(moves.length / movesPerTransaction) }, (_, n) =>
    moves.slice(n * movesPerTransaction, (n + 1) * movesPerTransaction),
  )
  for (const [n, [first]] of batches.entries()) tasks.add(`count ${n}`, first?.sequenceNumber)
  for (const [n, batch] of batches.entries()) {
    const done = await tasks.run(`count ${n}`, async () => {
      counted += await catalog.countProducts(batch, signal)
    })
    if (!done) break
  }
  return counted
}

function toMove({ pk, before, after, sequenceNumber }: Change): RecordedMove | undefined {
  const category = after && categoryIn(after)
  // An image without a version or a category was never counted. So the move that mends the product counts it.
  const wasCounted = !before || (isVersion(before.version) && isCountable(before))
  if (wasCounted && category === (before && categoryIn(before))) return undefined
  const version = (after ?? before)?.version
  if (!isVersion(version)) throw new TypeError('The product has no version')
  // The removal of an item is later than the item's last version.
  const asOf = after ? version : version + 0.5
  return { id: pk.slice(pk.indexOf('#') + 1), category, asOf, sequenceNumber }
}

/** The longest category, which is also the key of its counter. */
const maxLength = 200

/** Returns the category of a product. A tombstone has none. @throws {TypeError} if the image is not countable */
function categoryIn(image: Image): string | undefined {
  if (!isCountable(image)) throw new TypeError('The product has no category')
  return image.deleted === true ? undefined : String(image.category)
}

const isCountable = ({ deleted, category }: Image): boolean =>
  deleted === true || (typeof category === 'string' && category.length <= maxLength)
