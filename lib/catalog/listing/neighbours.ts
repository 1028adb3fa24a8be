import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { idAt } from './listing.ts'

/** Where a product stands in the listing of its category. */
export interface ListingPlace {
  category: string
  listedAt: string
}

/** The place that an item has in the index `byCategory`; undefined where the index does not hold it. */
export const placeOf = (
  item: { category?: unknown; listedAt?: unknown } | undefined,
): ListingPlace | undefined =>
  typeof item?.category === 'string' && typeof item.listedAt === 'string'
    ? { category: item.category, listedAt: item.listedAt }
    : undefined

/**
 * The products that stand around a place in the listing of exactly this category: ids, up to `count` on each side, the
 * nearest first. Whether a product stands at the place itself makes no difference.
 *
 * Access: two Queries of the index `byCategory`, keys only: half a read unit each, however many products the category
 * has. The index follows the table within moments.
 *
 * @throws what the SDK throws
 */
export async function neighboursOf(
  access: TableAccess,
  { category, listedAt }: ListingPlace,
  count: number,
): Promise<{ newer: string[]; older: string[] }> {
  const side = async (comparison: '<' | '>') => {
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
  const [newer, older] = await Promise.all([side('>'), side('<')])
  return { newer, older }
}
