import { type Card, cardOf } from '../product/card.ts'
import type { TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { productKey } from '../table/keys.ts'
import { toStored } from '../table/storedProduct.ts'
import { countUnreadable } from '../table/unreadable.ts'
import type { Plain } from '../table/values.ts'
import { type ListingPlace, neighboursOf } from './neighbours.ts'

/**
 * How many related products a product page shows at most. They are the product's nearest neighbours in the listing of
 * its category: half of them newer and half older, or more from one side if the other has too few. So only the pages of
 * products at most this many places away can show a product.
 */
export const maxRelated = 8

/**
 * Reads the cards of the products around a place in the listing of exactly this category, newest first.
 *
 * Requests: the two Queries of {@link neighboursOf}, then a BatchGetItem of up to eight products, one read unit per 4
 * KB of each. The BatchGetItem is strongly consistent, because a page that is loaded after a card has changed must not
 * store the old card. A product that cannot be read is left out.
 *
 * @param place the product's place; undefined if an edit by hand removed the product from the listing
 * @throws what the SDK throws, and a `ThrottlingException` if DynamoDB returns none of the requested products
 */
export async function readRelated(access: TableAccess, place: ListingPlace | undefined): Promise<Card[]> {
  if (!place) return []
  const { newer, older } = await neighboursOf(access, place, maxRelated)
  const newerCount = Math.min(newer.length, Math.max(maxRelated / 2, maxRelated - older.length))
  const nearest = [...newer.slice(0, newerCount).reverse(), ...older.slice(0, maxRelated - newerCount)]
  // Another program may have stored a second item of a product in the index, and a BatchGetItem takes no key twice.
  const ids = [...new Set(nearest)]
  const request = {
    Keys: ids.map(productKey),
    ConsistentRead: true,
    // No projection: it would cost the same, and would hide what makes a product unreadable outside its card.
  }
  const cards = new Map<string, Card>()
  for (const item of await batchGet<Plain>(access, request)) {
    const stored = toStored(item)
    if (stored.unreadable) countUnreadable('PRODUCT')
    else if (!stored.deleted) cards.set(stored.id, cardOf(stored))
  }
  // The order is that of the index. A product that was deleted since has no card, and is left out.
  return ids.flatMap((id) => cards.get(id) ?? [])
}
