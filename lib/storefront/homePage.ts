import type { Card, CategoryNode } from '../catalog/index.ts'
import { cards } from './cards.ts'
import { html, ours, textOf } from './html.ts'
import { layout } from './layout.ts'
import { shelves } from './shelves.ts'
import { shop } from './shop.ts'

/** A category of the first page, with its newest products. */
export interface Shelf {
  category: CategoryNode
  items: Card[]
}

/** The HTML of the first page: all categories, and of the first ones what is new. */
export function homePage(all: readonly CategoryNode[], newest: readonly Shelf[]): string {
  const main = html`<section class="hero">
<h1>${shop.claim}</h1>
<p>${shop.about}</p>
</section>
<div id="shop">!${ours(
    shelves(all, 'Shelves') ?? html`<p class="quiet">The shelves are empty. Come back in a moment.</p>`,
  )}</div>
!${ours(newest.map(shelf))}`
  return textOf(layout({ path: '/' }, main))
}

const shelf = ({ category: { path, name }, items }: Shelf, at: number) =>
  html`<section class="shelf" aria-labelledby="shelf-${at}">
<h2 id="shelf-${at}"><a href="/c/${path}">${name} <span class="arrow" aria-hidden="true">&#8594;</span></a></h2>
!${ours(cards(items, 3, at === 0 ? 4 : 0))}
</section>
`
