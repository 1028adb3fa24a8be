import type { Card, Product } from '../catalog/index.ts'
import { availabilityOf } from '../catalog/index.ts'
import { assetPath } from './assets.ts'
import { type Html, html, trusted } from './html.ts'
import { picture } from './picture.ts'
import { priceLine } from './price.ts'
import { ratingLine } from './rating.ts'

/** Returns what a list shows of a product. */
export const productCard = ({ images: [image], ...product }: Product): Card => ({
  ...product,
  ...(image && { image }),
  availability: availabilityOf(product.stock),
})

/**
 * Renders a grid of products.
 *
 * @param level of the headings
 * @param eager how many pictures are visible at first and so do not load lazily
 */
export const cards = (items: readonly Card[], level: 2 | 3, eager = 0): Html =>
  html`<ul class="cards">!${trusted(items.map((item, index) => card(item, level, index < eager)))}</ul>`

const card = (
  { id, title, brand, price, compareAtPrice, image, rating, availability }: Card,
  level: 2 | 3,
  eager: boolean,
) =>
  html`<li class="card">
<div class="frame">!${trusted(image ? thumbnail(image, eager) : noPicture)}!${trusted(availability === 'out-of-stock' ? soldOut : undefined)}</div>
!${trusted(brand === undefined ? undefined : html`<p class="brand" dir="auto">${brand}</p>`)}
<h${level}><a href="/p/${id}" dir="auto">${title}</a></h${level}>
<p>!${trusted(priceLine(price, compareAtPrice))}</p>
!${trusted(ratingLine(rating))}
</li>
`

/** The shop's mark, in place of a picture, so that cards with and without one line up. */
const noPicture = html`<img class="mark" src="${assetPath('mark.svg')}" alt="" width="480" height="480" loading="lazy">`

const soldOut = html`<span class="badge">Sold out</span>`

const thumbnail = (image: Product['images'][number], eager: boolean) =>
  picture(image, { alt: '', size: 480, when: eager ? 'soon' : 'lazy' })
