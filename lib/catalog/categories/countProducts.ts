import type { TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { categoriesKey, countedKey } from '../table/items.ts'
import { transact } from '../table/transact.ts'

/** A product's category, as of a version. */
export interface CategoryMove {
  id: string
  /** Undefined: it is in none, since it was deleted. */
  category: string | undefined
  /** The version that says so; half a one more for an item that was removed. */
  asOf: number
}

/** The mark of a product: under which category it is counted. */
interface Mark {
  pk: string
  category?: string
  asOf: number
}

/** The most products that {@link countProducts} takes: a mark and two counters each are 99 of a transaction's 100 items. */
export const countedAtOnce = 33

/** How long the mark of a deleted product stays, s. Longer than a stream keeps what could count it again: a day. */
const markLife = 7 * 24 * 3600

/**
 * Counts products under their categories. A product's mark and the counters move in one transaction, on condition that
 * the mark is what was read: so each product is counted once, however often and in whatever order its changes arrive, and
 * what an older version says never undoes what a newer one said. A counter that comes to 0 stays, and is not shown.
 *
 * @param moves at most {@link countedAtOnce}, each product once
 * @returns the number of products that were not counted so before
 * @throws what the SDK throws
 */
export async function countProducts(access: TableAccess, moves: CategoryMove[]): Promise<number> {
  const request = { Keys: moves.map(({ id }) => countedKey(id)), ConsistentRead: true }
  for (;;) {
    const marks = await batchGet<Mark>(access, request)
    const { puts, counters } = count(access, moves, new Map(marks.map((mark) => [mark.pk, mark])))
    if (puts.length === 0) return 0
    const updates = [...counters].flatMap(([path, n]) => (n === 0 ? [] : counterUpdate(access, path, n)))
    const refused = await transact(access, [...puts, ...updates])
    // Refused: somebody else has just counted one of them.
    if (!refused) return puts.length
  }
}

/** The marks to write, and by how much the counters change. */
function count(access: TableAccess, moves: CategoryMove[], marks: Map<string, Mark>) {
  const counters = new Map<string, number>()
  const add = (category: string | undefined, n: number) => {
    if (category !== undefined) counters.set(category, (counters.get(category) ?? 0) + n)
  }
  const puts = moves.flatMap((move) => {
    const mark = marks.get(countedKey(move.id).pk)
    if (mark ? mark.asOf >= move.asOf : move.category === undefined) return []
    add(mark?.category, -1)
    add(move.category, +1)
    return markPut(access, move, mark)
  })
  return { puts, counters }
}

const markPut = ({ table }: TableAccess, { id, category, asOf }: CategoryMove, seen: Mark | undefined) => ({
  Put: {
    TableName: table,
    Item: {
      ...countedKey(id),
      asOf,
      ...(category === undefined ? { expiresAt: Math.floor(Date.now() / 1000) + markLife } : { category }),
    },
    ...(seen
      ? { ConditionExpression: 'asOf = :seen', ExpressionAttributeValues: { ':seen': seen.asOf } }
      : { ConditionExpression: 'attribute_not_exists(pk)' }),
  },
})

const counterUpdate = ({ table }: TableAccess, path: string, n: number) => ({
  Update: {
    TableName: table,
    Key: categoriesKey(path),
    UpdateExpression: 'ADD products :n',
    ExpressionAttributeValues: { ':n': n },
  },
})
