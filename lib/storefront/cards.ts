import type { Card, Product } from '../catalog/index.ts'
import { availabilityOf } from '../catalog/index.ts'
import { type Html, html, ours } from './html.ts'
import { picture } from './picture.ts'
import { priceLine } from './price.ts'
import { ratingLine } from './rating.ts'

/** What is shown of a product in a list. */
export const productCard = ({ images: [image], ...product }: Product): Card => ({
  ...product,
  ...(image && { image }),
  availability: availabilityOf(product.stock),
})

/**
 * Products side by side.
 *
 * @param level of their headings
 * @param eager how many of the pictures are seen at first, and not loaded lazily
 */
export const cards = (items: readonly Card[], level: 2 | 3, eager = 0): Html =>
  html`<ul class="cards">!${ours(items.map((item, at) => card(item, level, at < eager)))}</ul>`

const card = (
  { id, title, brand, price, compareAtPrice, image, rating, availability }: Card,
  level: 2 | 3,
  eager: boolean,
) =>
  html`<li class="card">
<div class="frame">!${ours(image && thumbnail(image, eager))}!${ours(availability === 'out-of-stock' ? soldOut : undefined)}</div>
!${ours(brand === undefined ? undefined : html`<p class="brand" dir="auto">${brand}</p>`)}
<h${level}><a href="/p/${id}" dir="auto">${title}</a></h${level}>
<p>!${ours(priceLine(price, compareAtPrice))}</p>
!${ours(ratingLine(rating))}
</li>
`

const soldOut = html`<span class="badge">Sold out</span>`

const thumbnail = (image: Product['images'][number], eager: boolean) =>
  picture(image, { alt: '', size: 480, when: eager ? 'soon' : 'lazy' })
