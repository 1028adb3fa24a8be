import type { Product } from '../catalog/index.ts'
import { type Html, html, trusted } from './html.ts'
import { formatPrice } from './money.ts'

type Money = Product['price']

/** Renders a price, with the previous price if that was higher. */
export const priceLine = (price: Money, before?: Money): Html =>
  before && before.currency === price.currency && before.amount > price.amount
    ? html`<span class="price"><span class="reduced">!${trusted(formatPrice(price))}</span> <s><span class="hidden">before: </span>!${trusted(formatPrice(before))}</s></span>`
    : html`<span class="price">!${trusted(formatPrice(price))}</span>`
