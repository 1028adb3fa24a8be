import type { Card, CategoryNode } from '../catalog/index.ts'
import { cards } from './cards.ts'
import { categoryLinks } from './categoryLinks.ts'
import { html, toText, trusted } from './html.ts'
import { layout } from './layout.ts'
import { shop } from './shop.ts'

/** A category on the home page, with its newest products. */
export interface CategorySection {
  category: CategoryNode
  items: Card[]
}

/** Renders the home page: links to all categories, and the newest products of the first ones. */
export function homePage(categories: readonly CategoryNode[], sections: readonly CategorySection[]): string {
  const main = html`<section class="hero">
<h1>${shop.claim}</h1>
<p>${shop.about}</p>
</section>
<div id="shop">!${trusted(
    categoryLinks(categories, 'Shelves') ??
      html`<p class="quiet">The shelves are empty. Come back in a moment.</p>`,
  )}</div>
!${trusted(sections.map(categorySection))}`
  return toText(layout({ path: '/' }, main))
}

const categorySection = ({ category: { path, name }, items }: CategorySection, index: number) =>
  html`<section aria-labelledby="category-${index}">
<h2 id="category-${index}"><a href="/c/${path}">${name} <span class="arrow" aria-hidden="true">&#8594;</span></a></h2>
!${trusted(cards(items, 3, index === 0 ? 4 : 0))}
</section>
`
