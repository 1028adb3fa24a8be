import type { ProductContent } from './product.ts'

type Money = ProductContent['price']

/** A stock of 1 to this number is low. */
export const lowStock = 5

/** Something that a customer can buy: a variant, or the product itself if it has no variants. */
export interface Offer {
  /** The variant's sku. */
  sku?: string
  options: Record<string, string>
  price: Money
  /** The product's former price. Present only if it is higher than this offer's price. */
  compareAtPrice?: Money
  stock: number
  availability: 'in-stock' | 'low-stock' | 'out-of-stock'
}

/**
 * All offers of a product, in the order of its variants, and the range of their prices, as in schema.org's AggregateOffer.
 * The range covers only offers in the product's currency. If no offer has it, both ends are the product's own price.
 */
export interface Offers {
  lowPrice: Money
  highPrice: Money
  items: Offer[]
}

/** Returns the offers of a product. */
export function offersOf({ variants, price, compareAtPrice, stock }: ProductContent): Offers {
  const sold = variants.length > 0 ? variants : [{ options: {}, price, stock }]
  const items = sold.map(
    (variant): Offer => ({
      ...('sku' in variant && { sku: variant.sku }),
      options: variant.options,
      price: variant.price,
      ...(compareAtPrice && isAbove(compareAtPrice, variant.price) && { compareAtPrice }),
      stock: variant.stock,
      availability: availabilityOf(variant.stock),
    }),
  )
  const amounts = items
    .filter((offer) => offer.price.currency === price.currency)
    .map((offer) => offer.price.amount)
  if (amounts.length === 0) amounts.push(price.amount)
  return {
    lowPrice: { ...price, amount: Math.min(...amounts) },
    highPrice: { ...price, amount: Math.max(...amounts) },
    items,
  }
}

/** Returns the availability that a stock means for a customer. */
export const availabilityOf = (stock: number): Offer['availability'] =>
  stock === 0 ? 'out-of-stock' : stock <= lowStock ? 'low-stock' : 'in-stock'

const isAbove = (a: Money, b: Money) => a.currency === b.currency && a.amount > b.amount
