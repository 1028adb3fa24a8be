import { isDeepStrictEqual } from 'node:util'
import { cardOf, type ListingPlace, placeOf, toProductItem } from '../catalog/upkeep.ts'
import type { Change, Image } from './records.ts'

/** A place in a listing whose neighbours' pages now show another card, and the first record that changes the card. */
export interface CardChange {
  place: ListingPlace
  sequenceNumber: string
}

/**
 * Returns the places around which a batch changes what product pages show. If a product's card changes, appears or
 * disappears, that is the product's place. If the product moves, it is both its old and its new place. Each place is
 * returned once.
 */
export function cardChangesIn(changes: Change[]): CardChange[] {
  const places = new Map<string, CardChange>()
  for (const { sk, before, after, sequenceNumber } of changes) {
    if (sk !== 'PRODUCT') continue
    const [old, now] = [toShown(before), toShown(after)]
    if (isDeepStrictEqual(old, now)) continue
    for (const { place } of [old, now].filter((one) => one !== undefined)) {
      const key = `${place.category}|${place.listedAt}`
      if (!places.has(key)) places.set(key, { place, sequenceNumber })
    }
  }
  return [...places.values()]
}

/**
 * Returns the card that other products' pages show of a product, and its place. It is undefined if no page shows it,
 * for example because it cannot be read.
 */
function toShown(image: Image | undefined) {
  const place = image?.deleted === true ? undefined : placeOf(image)
  const item = image && place && toProductItem(image)
  return item && { place, card: cardOf(item) }
}
