import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { idAt } from './listing.ts'

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
 * Returns the ids of the products around a place in the listing of exactly this category: up to `count` on each side, the
 * nearest first. The product at the place itself is not included, and need not exist.
 *
 * Access: two Queries of the index `byCategory`, keys only. Each costs half a read unit, however many products the category
 * has. The index follows the table with a short delay.
 *
 * @throws what the SDK throws
 */
export async function neighboursOf(
  access: TableAccess,
  { category, listedAt }: ListingPlace,
  count: number,
): Promise<{ newer: string[]; older: string[] }> {
  const readSide = async (comparison: '<' | '>') => {
    const { Items = [] } = await access.db.send(
      new QueryCommand({
        TableName: access.table,
        IndexName: 'byCategory',
        KeyConditionExpression: `category = :category AND listedAt ${comparison} :here`,
        ExpressionAttributeValues: { ':category': category, ':here': listedAt },
        ProjectionExpression: 'listedAt',
        ScanIndexForward: comparison === '>',
        Limit: count,
      }),
      requestOptions(access),
    )
    return Items.map((item) => idAt(item.listedAt))
  }
  const [newer, older] = await Promise.all([readSide('>'), readSide('<')])
  return { newer, older }
}
