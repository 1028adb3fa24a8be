import type { Product } from '../catalog/index.ts'
import { type Html, html, ours } from './html.ts'
import { priceText } from './money.ts'

type Money = Product['price']

/** A price, and what it was before where that was more. */
export const priceLine = (price: Money, before?: Money): Html =>
  before && before.currency === price.currency && before.amount > price.amount
    ? html`<span class="price"><span class="reduced">!${ours(priceText(price))}</span> <s><span class="hidden">before: </span>!${ours(priceText(before))}</s></span>`
    : html`<span class="price">!${ours(priceText(price))}</span>`
