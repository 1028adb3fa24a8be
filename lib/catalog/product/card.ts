import { type ProductItem, ratingOf } from '../table/items.ts'
import { availabilityOf, type Offer } from './offers.ts'
import type { Product } from './product.ts'

/**
 * What is shown of a product beside another one. Not how many pieces are left, so that a sale changes no card until it
 * makes them few or none.
 */
export type Card = Pick<Product, 'id' | 'title' | 'brand' | 'price' | 'compareAtPrice' | 'rating'> & {
  /** The first one of the product. */
  image?: Product['images'][number]
  /** Of all its offers together. */
  availability: Offer['availability']
}

/** What {@link cardOf} needs of a product's item. */
export type CardItem = Pick<
  ProductItem,
  'id' | 'title' | 'brand' | 'price' | 'compareAtPrice' | 'stock' | 'ratingSum' | 'ratingCount'
> & { images?: ProductItem['images'] }

/** The attributes of a {@link CardItem}, and whether it is a tombstone. */
export const cardAttributes =
  'id, deleted, title, brand, price, compareAtPrice, images[0], ratingSum, ratingCount, stock'

/** The card of a product. Reads and invalidation both make it here, so that they agree on what changes it. */
export function cardOf(item: CardItem): Card {
  const { id, title, brand, price, compareAtPrice, images, stock } = item
  // An item that was edited by hand may hold anything there.
  const image = Array.isArray(images) ? images[0] : undefined
  return {
    id,
    title,
    ...(brand !== undefined && { brand }),
    price,
    ...(compareAtPrice !== undefined && { compareAtPrice }),
    ...(image && { image }),
    rating: ratingOf(item),
    availability: availabilityOf(stock),
  }
}
