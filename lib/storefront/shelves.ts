import type { CategoryNode } from '../catalog/index.ts'
import { type Html, html, ours } from './html.ts'

/** Links to categories, each with the number of products in it. */
export const shelves = (nodes: readonly CategoryNode[], label: string): Html | undefined =>
  nodes.length === 0
    ? undefined
    : html`<nav class="shelves" aria-label="${label}"><ul>!${ours(
        nodes.map(
          ({ path, name, products }) =>
            html`<li><a href="/c/${path}">${name} <span class="quiet">${products}<span class="hidden"> ${products === 1 ? 'product' : 'products'}</span></span></a></li>`,
        ),
      )}</ul></nav>`
