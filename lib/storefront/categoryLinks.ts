import type { CategoryNode } from '../catalog/index.ts'
import { type Html, html, trusted } from './html.ts'

/** Renders links to categories with their numbers of products. Returns undefined without categories. */
export const categoryLinks = (nodes: readonly CategoryNode[], label: string): Html | undefined =>
  nodes.length === 0
    ? undefined
    : html`<nav class="categories" aria-label="${label}"><ul>!${trusted(
        nodes.map(
          ({ path, name, products }) =>
            html`<li><a href="/c/${path}">${name} <span class="quiet">${products}<span class="hidden"> ${products === 1 ? 'product' : 'products'}</span></span></a></li>`,
        ),
      )}</ul></nav>`
