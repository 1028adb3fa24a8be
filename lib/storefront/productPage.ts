import type { Page } from '../catalog/index.ts'
import { lowStock } from '../catalog/index.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { cards } from './cards.ts'
import { details } from './details.ts'
import { gallery } from './gallery.ts'
import { type Html, html, ours, textOf } from './html.ts'
import { layout } from './layout.ts'
import { availability, offersTable } from './offers.ts'
import { priceLine } from './price.ts'
import { productData } from './productData.ts'
import { ratingLine } from './rating.ts'
import { reviews } from './reviews.ts'

/** The HTML of a product page. All that it shows stands in the page's document, so it is as fresh as that. */
export function productPage(page: Page): string {
  const { product, categoryPath, offers, stock, rating, related } = page
  const { id, title, brand, description, images } = product
  const path = `/p/${id}`
  const table = offersTable(offers)
  const main = html`!${ours(breadcrumbs(categoryPath, title))}
<article class="product">
!${ours(gallery(product))}
<div class="facts">
!${ours(brand === undefined ? undefined : html`<p class="brand" dir="auto">${brand}</p>`)}
<h1 dir="auto">${title}</h1>
!${ours(rating.count === 0 ? undefined : html`<p><a href="#reviews">!${ours(ratingLine(rating))}</a></p>`)}
<p class="large">!${ours(offers.highPrice.amount > offers.lowPrice.amount ? from : undefined)}!${ours(priceLine(offers.lowPrice, product.compareAtPrice))}</p>
<p>!${ours(availability({ stock, availability: ofAll(page) }))}</p>
!${ours(paragraphs(description))}
!${ours(table)}
!${ours(details(product))}
</div>
</article>
!${ours(reviews(page))}
!${ours(
    related.length === 0
      ? undefined
      : html`<section aria-labelledby="related"><h2 id="related">From the same shelf</h2>!${ours(cards(related, 3))}</section>`,
  )}`
  const summary = beginning(description)
  const about = {
    title,
    description: summary || undefined,
    path,
    type: 'product' as const,
    picture: images[0]?.url,
    data: productData(page, path, summary),
  }
  return textOf(layout(about, main))
}

const from = html`<span class="from">from </span>`

/** How much there is of all offers together. Many of which a few are left each are not few. */
const ofAll = ({ stock, offers: { items } }: Page) =>
  stock === 0 ? 'out-of-stock' : items.length === 1 && stock <= lowStock ? 'low-stock' : 'in-stock'

const paragraphs = (text: string): Html[] =>
  text
    .split(/\n{2,}/)
    .filter((each) => each.trim() !== '')
    .map((each) => html`<p class="text" dir="auto">${each.trim()}</p>`)

/** As much of a text as search engines show. */
function beginning(text: string): string {
  const line = text.slice(0, 160)
  if (line.length === text.length) return line
  // By whole words, where it has any, and never half of a pair of surrogates.
  return line.includes(' ') ? line.slice(0, line.lastIndexOf(' ')) : line.replace(/[\ud800-\udbff]$/, '')
}
