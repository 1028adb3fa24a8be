import { isDeepStrictEqual } from 'node:util'
import { type CardItem, cardOf, type ListingPlace, placeOf } from '../catalog/upkeep.ts'
import type { Change, Image } from './records.ts'

/** A place in a listing around which pages show another card now, and the first record that tells of it. */
export interface CardChange {
  place: ListingPlace
  sequenceNumber: string
}

/**
 * The places around which a batch changes what cards show: a product's place where its card changed, it appeared or
 * disappeared, and the old and the new one where it moved. Each place once.
 */
export function cardChangesIn(changes: Change[]): CardChange[] {
  const places = new Map<string, CardChange>()
  for (const { sk, before, after, sequenceNumber } of changes) {
    if (sk !== 'PRODUCT') continue
    const [old, now] = [shown(before), shown(after)]
    if (isDeepStrictEqual(old, now)) continue
    for (const { place } of [old, now].filter((one) => one !== undefined)) {
      const key = `${place.category}|${place.listedAt}`
      if (!places.has(key)) places.set(key, { place, sequenceNumber })
    }
  }
  return [...places.values()]
}

/** What other products' pages show of a product, and where; undefined where none shows it. */
function shown(image: Image | undefined) {
  const place = image?.deleted === true ? undefined : placeOf(image)
  return place && { place, card: cardOf(image as CardItem) }
}
