import type { Card, CategoryNode, Page } from '../catalog/index.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { cards } from './cards.ts'
import { html, ours, textOf } from './html.ts'
import { layout } from './layout.ts'
import { shelves } from './shelves.ts'
import { shop } from './shop.ts'

/** One page of a category's listing. */
export interface CategoryListing {
  categoryPath: Page['categoryPath']
  /** Those right below it. */
  children: CategoryNode[]
  /** The newest first. */
  items: Card[]
  /** It is not the first page. */
  further: boolean
  /** The cursor of the next page. */
  next: string | undefined
  /** It has so many categories below it that they are not listed together. */
  tooBroad: boolean
}

/** The HTML of a category. */
export function categoryPage({
  categoryPath,
  children,
  items,
  further,
  next,
  tooBroad,
}: CategoryListing): string {
  const { path = '', name = '' } = categoryPath.at(-1) ?? {}
  const main = html`!${ours(breadcrumbs(categoryPath))}
<h1>${name}</h1>
!${ours(shelves(children, `In ${name}`))}
!${ours(
    items.length > 0
      ? cards(items, 2, 4)
      : html`<p class="quiet">${tooBroad ? 'Choose one of these shelves to see what lies on it.' : 'Nothing more lies here.'}</p>`,
  )}
!${ours(
    further || next !== undefined
      ? html`<nav class="pager" aria-label="Pages">!${ours(
          further ? html`<a class="button" href="/c/${path}">To the newest</a>` : undefined,
        )}!${ours(
          next === undefined
            ? undefined
            : html`<a class="button" rel="next" href="/c/${path}?cursor=${next}">Show older</a>`,
        )}</nav>`
      : undefined,
  )}`
  const about = {
    title: name,
    description: `${name} at ${shop.name}. ${shop.about}`,
    // A further page begins wherever the one before ended: its address is not worth keeping.
    path: further ? undefined : `/c/${path}`,
  }
  return textOf(layout(about, main))
}
