import { NumberValue } from '../../clients/dynamodb/index.ts'
import type { TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { isVersion } from '../table/items.ts'
import { categoriesKey, countedKey } from '../table/keys.ts'
import { transact } from '../table/transact.ts'
import { countUnreadable } from '../table/unreadable.ts'
import { isNumber } from '../table/values.ts'

/** The category that a product has as of one of its versions. */
export interface CategoryMove {
  id: string
  /** Undefined if the product was deleted. */
  category: string | undefined
  /** The version with this category. If the item was removed, half a version above its last one. */
  asOf: number
}

/** A product's marker: the category that the product is counted in, and the version that the category comes from. */
interface Marker {
  pk: string
  category?: unknown
  /** Undefined or not a number if another program wrote the marker. */
  asOf?: unknown
}

/**
 * How many products {@link countProducts} takes. Each needs a marker and up to two counters, which makes 99 of the 100
 * items that a transaction can have.
 */
export const movesPerTransaction = 33

/**
 * How long the marker of a deleted product stays, in seconds. It has to stay longer than the stream can deliver an
 * older record of the product again, which is a day.
 */
const markerTtlSeconds = 7 * 24 * 3600

/**
 * Counts products in their categories. One transaction changes the products' markers and the categories' counters, on
 * condition that the markers are as they were read. So each product is counted once, however often and in whatever
 * order its changes arrive, and an older version never undoes what a newer one changed. A counter that falls to 0 stays
 * in the table, and is not shown.
 *
 * Another program may have stored a counter that is not a number. It stays as it is, and the products are counted in
 * their other categories.
 *
 * @param moves at most {@link movesPerTransaction}, each product once
 * @returns how many products' counts changed
 * @throws what the SDK throws
 */
export async function countProducts(access: TableAccess, moves: CategoryMove[]): Promise<number> {
  const request = { Keys: moves.map(({ id }) => countedKey(id)), ConsistentRead: true }
  /** The categories whose counter is not a number. */
  const broken = new Set<string>()
  for (;;) {
    const markers = await batchGet<Marker>(access, request)
    const byKey = new Map(markers.map((marker) => [marker.pk, marker]))
    const { puts, counters } = planWrites(access, moves, byKey)
    if (puts.length === 0) return 0
    const changed = [...counters].filter(([path, n]) => n !== 0 && !broken.has(path))
    const updates = changed.map(([path, n]) => toCounterUpdate(access, path, n))
    const refused = await transact(access, [...puts, ...updates])
    if (!refused) return puts.length
    for (const [at, { Code }] of refused.slice(puts.length).entries()) {
      const [path] = changed[at] ?? []
      if (Code !== 'ConditionalCheckFailed' || path === undefined) continue
      broken.add(path)
      countUnreadable('CATEGORIES')
    }
    // If a marker was refused, another process has just counted one of these products: read the markers again.
  }
}

/** Returns the markers to write, and by how much each counter changes. */
function planWrites(access: TableAccess, moves: CategoryMove[], markers: Map<string, Marker>) {
  const counters = new Map<string, number>()
  const add = (category: unknown, n: number) => {
    if (typeof category === 'string') counters.set(category, (counters.get(category) ?? 0) + n)
  }
  const puts = moves.flatMap((move) => {
    const marker = markers.get(countedKey(move.id).pk)
    if (marker ? isAsOf(marker.asOf) && marker.asOf >= move.asOf : move.category === undefined) return []
    add(marker?.category, -1)
    add(move.category, +1)
    return toMarkerPut(access, move, marker)
  })
  return { puts, counters }
}

/** Whether a marker's `asOf` is one that a later move can pass. Another program may have stored anything there. */
const isAsOf = (asOf: unknown): asOf is number => isNumber(asOf) && isVersion(Math.floor(asOf))

const toMarkerPut = (
  { table }: TableAccess,
  { id, category, asOf }: CategoryMove,
  seen: Marker | undefined,
) => ({
  Put: {
    TableName: table,
    Item: {
      ...countedKey(id),
      asOf,
      ...(category === undefined
        ? { expiresAt: Math.floor(Date.now() / 1000) + markerTtlSeconds }
        : { category }),
    },
    ...toCondition(seen),
  },
})

/** Returns the condition that the marker is as it was read. The SDK cannot send every value back that it returns. */
function toCondition(seen: Marker | undefined) {
  if (!seen) return { ConditionExpression: 'attribute_not_exists(pk)' }
  if (seen.asOf === undefined)
    return { ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(asOf)' }
  return isNumber(seen.asOf) || seen.asOf instanceof NumberValue
    ? { ConditionExpression: 'asOf = :seen', ExpressionAttributeValues: { ':seen': seen.asOf } }
    : {
        ConditionExpression: 'attribute_exists(asOf) AND NOT attribute_type(asOf, :number)',
        ExpressionAttributeValues: { ':number': 'N' },
      }
}

const toCounterUpdate = ({ table }: TableAccess, path: string, n: number) => ({
  Update: {
    TableName: table,
    Key: categoriesKey(path),
    UpdateExpression: 'ADD products :n',
    ConditionExpression: 'attribute_not_exists(products) OR attribute_type(products, :number)',
    ExpressionAttributeValues: { ':n': n, ':number': 'N' },
  },
})
