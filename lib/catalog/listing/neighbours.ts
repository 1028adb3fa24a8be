import type { TableAccess } from '../table/access.ts'
import { query } from '../table/query.ts'
import { type IndexKey, idAt, isPosition } from './position.ts'

/** A place in the index `byCategory`: a position in the listing of one category. */
export interface ListingPlace {
  category: string
  listedAt: string
}

/** Returns the place of an item in the index `byCategory`. It is undefined if the index does not hold the item. */
export const placeOf = (
  item: { category?: unknown; listedAt?: unknown } | undefined,
): ListingPlace | undefined =>
  typeof item?.category === 'string' && typeof item.listedAt === 'string'
    ? { category: item.category, listedAt: item.listedAt }
    : undefined

/**
 * Returns the ids of the products around a place in the listing of exactly this category: up to `count` on each side,
 * the nearest first. The product at the place itself is not included, and need not exist.
 *
 * Requests: two Queries of the index `byCategory`, keys only. Each costs half a read unit, however many products the
 * category has. If DynamoDB ends a response before `count` products, the Query continues. The index follows the table
 * with a short delay.
 *
 * @throws what the SDK throws
 */
export async function neighboursOf(
  access: TableAccess,
  { category, listedAt }: ListingPlace,
  count: number,
): Promise<{ newer: string[]; older: string[] }> {
  const readSide = async (comparison: '<' | '>') => {
    const found = query<IndexKey>(access, {
      IndexName: 'byCategory',
      KeyConditionExpression: `category = :category AND listedAt ${comparison} :here`,
      ExpressionAttributeValues: { ':category': category, ':here': listedAt },
      ProjectionExpression: 'pk, listedAt',
      ScanIndexForward: comparison === '>',
      Limit: count,
    })
    const ids: string[] = []
    for await (const each of found) if (isPosition(each) && ids.push(idAt(each.listedAt)) === count) break
    return ids
  }
  const [newer, older] = await Promise.all([readSide('>'), readSide('<')])
  return { newer, older }
}
