import type { ProductContent } from './product.ts'

type Money = ProductContent['price']

/** From this many down a stock is low. */
export const lowStock = 5

/** One thing that can be bought: a variant, or the product itself where it has none. */
export interface Offer {
  /** Of the variant. */
  sku?: string
  options: Record<string, string>
  price: Money
  /** What it cost before: the product's, where it is higher than this offer's price. */
  compareAtPrice?: Money
  stock: number
  availability: 'in-stock' | 'low-stock' | 'out-of-stock'
}

/**
 * All offers of a product, in the order of its variants, and between which prices they lie, as schema.org's
 * AggregateOffer says it. Prices are compared in the product's currency only; where no offer has it, both are the
 * product's own price.
 */
export interface Offers {
  lowPrice: Money
  highPrice: Money
  items: Offer[]
}

/** The offers of a product. */
export function offersOf({ variants, price, compareAtPrice, stock }: ProductContent): Offers {
  const sold = variants.length > 0 ? variants : [{ options: {}, price, stock }]
  const items = sold.map(
    (one): Offer => ({
      ...('sku' in one && { sku: one.sku }),
      options: one.options,
      price: one.price,
      ...(compareAtPrice && isAbove(compareAtPrice, one.price) && { compareAtPrice }),
      stock: one.stock,
      availability: availabilityOf(one.stock),
    }),
  )
  const amounts = items.filter((one) => one.price.currency === price.currency).map((one) => one.price.amount)
  if (amounts.length === 0) amounts.push(price.amount)
  return {
    lowPrice: { ...price, amount: Math.min(...amounts) },
    highPrice: { ...price, amount: Math.max(...amounts) },
    items,
  }
}

/** What a stock means to a buyer. */
export const availabilityOf = (stock: number): Offer['availability'] =>
  stock === 0 ? 'out-of-stock' : stock <= lowStock ? 'low-stock' : 'in-stock'

const isAbove = (one: Money, other: Money) => one.currency === other.currency && one.amount > other.amount
