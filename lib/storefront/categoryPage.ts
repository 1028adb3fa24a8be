import type { Card, CategoryNode, ProductPage } from '../catalog/index.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { cards } from './cards.ts'
import { categoryLinks } from './categoryLinks.ts'
import { html, toText, trusted } from './html.ts'
import { layout } from './layout.ts'
import { shop } from './shop.ts'

/** One page of a category's listing. */
export interface CategoryListing {
  categoryPath: ProductPage['categoryPath']
  /** The direct subcategories. */
  children: CategoryNode[]
  /** Newest first. */
  items: Card[]
  isFirstPage: boolean
  /** The cursor of the next page, undefined on the last one. */
  nextCursor: string | undefined
  /** Whether the category has too many subcategories to list their products together. */
  isTooBroad: boolean
}

/** Renders a category page. */
export function categoryPage({
  categoryPath,
  children,
  items,
  isFirstPage,
  nextCursor,
  isTooBroad,
}: CategoryListing): string {
  const { path = '', name = '' } = categoryPath.at(-1) ?? {}
  const main = html`!${trusted(breadcrumbs(categoryPath))}
<h1>${name}</h1>
!${trusted(categoryLinks(children, `In ${name}`))}
!${trusted(
    items.length > 0
      ? cards(items, 2, 4)
      : html`<p class="quiet">${isTooBroad ? 'Choose one of these shelves to see what is on it.' : 'There is nothing more here.'}</p>`,
  )}
!${trusted(
    !isFirstPage || nextCursor !== undefined
      ? html`<nav class="pager" aria-label="Pages">!${trusted(
          isFirstPage ? undefined : html`<a class="button" href="/c/${path}">Back to the newest</a>`,
        )}!${trusted(
          nextCursor === undefined
            ? undefined
            : html`<a class="button" rel="next" href="/c/${path}?cursor=${nextCursor}">Show older</a>`,
        )}</nav>`
      : undefined,
  )}`
  const about = {
    title: name,
    description: `${name} at ${shop.name}. ${shop.about}`,
    // A later page has no canonical path, because its content depends on where the page before ended.
    path: isFirstPage ? `/c/${path}` : undefined,
  }
  return toText(layout(about, main))
}
