import type { ProductPage } from '../catalog/index.ts'
import { type Html, html, trusted } from './html.ts'

/**
 * Renders the path from the home page to a category.
 *
 * @param here the title of a product in that category, which then ends the path
 */
export const breadcrumbs = (path: ProductPage['categoryPath'], here?: string): Html =>
  html`<nav class="crumbs" aria-label="Breadcrumb"><ol>
<li><a href="/">Home</a></li>
!${trusted(
    path.map(({ path: category, name }, index) =>
      here === undefined && index === path.length - 1
        ? html`<li><span aria-current="page">${name}</span></li>`
        : html`<li><a href="/c/${category}">${name}</a></li>`,
    ),
  )}!${trusted(here === undefined ? undefined : html`<li><span aria-current="page" dir="auto">${here}</span></li>`)}
</ol></nav>`
