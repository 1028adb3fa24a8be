import { type ProductItem, ratingOf } from '../table/items.ts'
import { availabilityOf, type Offer } from './offers.ts'
import type { Product } from './product.ts'

/**
 * What the page of one product shows of a related product. A card has the availability, not the exact stock, so a sale
 * changes the card only when the stock becomes low or runs out.
 */
export type Card = Pick<Product, 'id' | 'title' | 'brand' | 'price' | 'compareAtPrice' | 'rating'> & {
  /** The product's first image. */
  image?: Product['images'][number]
  /** The availability of all offers together. */
  availability: Offer['availability']
}

/** The attributes of a product's item that {@link cardOf} needs. */
export type CardItem = Pick<
  ProductItem,
  'id' | 'title' | 'brand' | 'price' | 'compareAtPrice' | 'stock' | 'ratingSum' | 'ratingCount'
> & { images: ProductItem['images'] }

/** Makes the card of a product. Reads and invalidation share this function, so they agree on what changes a card. */
export function cardOf(item: CardItem): Card {
  const { id, title, brand, price, compareAtPrice, images, stock } = item
  const [image] = images
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
