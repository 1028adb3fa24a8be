import type { ProductPage } from '../catalog/index.ts'
import { lowStock } from '../catalog/index.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { cards } from './cards.ts'
import { details } from './details.ts'
import { gallery } from './gallery.ts'
import { type Html, html, toText, trusted } from './html.ts'
import { layout } from './layout.ts'
import { availabilityLine, offersTable } from './offers.ts'
import { priceLine } from './price.ts'
import { productData } from './productData.ts'
import { ratingLine } from './rating.ts'
import { reviews } from './reviews.ts'
import { summarise } from './summarise.ts'

/** Renders a product page from its document alone, so the HTML is never older than the document. */
export function productPage(page: ProductPage): string {
  const { product, categoryPath, offers, stock, rating, related } = page
  const { id, title, brand, description, images } = product
  const path = `/p/${id}`
  const main = html`!${trusted(breadcrumbs(categoryPath, title))}
<article class="product">
!${trusted(gallery(product))}
<div class="facts">
!${trusted(brand === undefined ? undefined : html`<p class="brand" dir="auto">${brand}</p>`)}
<h1 dir="auto">${title}</h1>
!${trusted(rating.count === 0 ? undefined : html`<p><a href="#reviews">!${trusted(ratingLine(rating))}</a></p>`)}
<p class="large">!${trusted(offers.highPrice.amount > offers.lowPrice.amount ? from : undefined)}!${trusted(priceLine(offers.lowPrice, product.compareAtPrice))}</p>
<p>!${trusted(availabilityLine({ stock, availability: totalAvailability(page) }))}</p>
!${trusted(paragraphs(description))}
!${trusted(offersTable(offers))}
!${trusted(details(product))}
</div>
</article>
!${trusted(reviews(page))}
!${trusted(
    related.length === 0
      ? undefined
      : html`<section aria-labelledby="related"><h2 id="related">From the same shelf</h2>!${trusted(cards(related, 3))}</section>`,
  )}`
  const summary = summarise(description)
  const about = {
    title,
    description: summary || undefined,
    path,
    type: 'product' as const,
    picture: images[0]?.url,
    data: productData(page, path, summary),
  }
  return toText(layout(about, main))
}

const from = html`<span class="from">from </span>`

/**
 * Returns the availability of all offers together. Only a single offer can be low in stock: several offers with a few
 * pieces each are not few in total.
 */
const totalAvailability = ({ stock, offers: { items } }: ProductPage) =>
  stock === 0 ? 'out-of-stock' : items.length === 1 && stock <= lowStock ? 'low-stock' : 'in-stock'

const paragraphs = (text: string): Html[] =>
  text
    .split(/\n{2,}/)
    .filter((each) => each.trim() !== '')
    .map((each) => html`<p class="text" dir="auto">${each.trim()}</p>`)
