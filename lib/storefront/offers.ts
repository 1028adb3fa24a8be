import type { Offer, Offers } from '../catalog/index.ts'
import { type Html, html, trusted } from './html.ts'
import { priceLine } from './price.ts'

/** Renders a table of the offers with price and stock. Returns undefined for a product without variants. */
export function offersTable({ items }: Offers): Html | undefined {
  const [only] = items
  if (!only || (items.length === 1 && only.sku === undefined)) return undefined
  const names = Object.keys(items.find(({ options }) => Object.keys(options).length > 0)?.options ?? {})
  return html`<table class="offers">
<caption>Choose from ${items.length}</caption>
<thead><tr><th scope="col" dir="auto">${names.join(', ') || 'Article'}</th><th scope="col">Price</th><th scope="col">Availability</th></tr></thead>
<tbody>!${trusted(items.map(row))}</tbody>
</table>`
}

const row = (offer: Offer) =>
  html`<tr><th scope="row" dir="auto">${Object.values(offer.options).join(', ') || offer.sku}</th><td>!${trusted(
    priceLine(offer.price, offer.compareAtPrice),
  )}</td><td>!${trusted(availabilityLine(offer))}</td></tr>
`

/** Renders the availability in words. A low stock includes the number left. */
export const availabilityLine = ({ stock, availability }: Pick<Offer, 'stock' | 'availability'>): Html =>
  availability === 'out-of-stock'
    ? soldOut
    : availability === 'in-stock'
      ? inStock
      : html`<span class="stock low-stock">Only ${stock} left</span>`

const soldOut = html`<span class="stock out-of-stock">Sold out</span>`
const inStock = html`<span class="stock">In stock</span>`
