import { type Card, type CardItem, cardAttributes, cardOf } from '../product/card.ts'
import type { TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { productKey } from '../table/items.ts'
import { type ListingPlace, neighboursOf } from './neighbours.ts'

/**
 * How many products are shown beside one: its nearest in the listing of its category, half of them newer and half older,
 * more of the one where there are too few of the other. So a product is shown only by those at most so many places away.
 */
export const mostRelated = 8

/**
 * Reads cards of the products around a place in the listing of exactly this category, the newest first.
 *
 * Access: the two Queries of {@link neighboursOf}, then BatchGetItem of the eight, strongly consistent: a read unit for
 * each 4 KB of each. A page that is loaded after a card has changed must not store the card as it was.
 *
 * @param place of a product; undefined where an edit by hand took it out of the listing
 * @throws what the SDK throws, and a `ThrottlingException` for cards that were not handed out
 */
export async function readRelated(access: TableAccess, place: ListingPlace | undefined): Promise<Card[]> {
  if (!place) return []
  const { newer, older } = await neighboursOf(access, place, mostRelated)
  const ofNewer = Math.min(newer.length, Math.max(mostRelated / 2, mostRelated - older.length))
  const ids = [...newer.slice(0, ofNewer).reverse(), ...older.slice(0, mostRelated - ofNewer)]
  const request = {
    Keys: ids.map(productKey),
    ConsistentRead: true,
    ProjectionExpression: cardAttributes,
  }
  const items = await batchGet<CardItem & { deleted?: true }>(access, request)
  const cards = new Map(items.filter(({ deleted }) => !deleted).map((item) => [item.id, cardOf(item)]))
  // In the order of the index; one that was deleted since is left out.
  return ids.flatMap((other) => cards.get(other) ?? [])
}
