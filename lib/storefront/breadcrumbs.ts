import type { Page } from '../catalog/index.ts'
import { type Html, html, ours } from './html.ts'

/** The way from the first page to a category, or to what lies in it. */
export const breadcrumbs = (path: Page['categoryPath'], here?: string): Html =>
  html`<nav class="crumbs" aria-label="Breadcrumb"><ol>
<li><a href="/">Home</a></li>
!${ours(
    path.map(({ path: category, name }, at) =>
      here === undefined && at === path.length - 1
        ? html`<li><span aria-current="page">${name}</span></li>`
        : html`<li><a href="/c/${category}">${name}</a></li>`,
    ),
  )}!${ours(here === undefined ? undefined : html`<li><span aria-current="page" dir="auto">${here}</span></li>`)}
</ol></nav>`
