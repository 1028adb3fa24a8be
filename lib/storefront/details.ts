import type { Product } from '../catalog/index.ts'
import { type Html, html, trusted } from './html.ts'
import { locale } from './shop.ts'

const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 20 })

/** Renders a product's attributes and tags. */
export function details({ attributes, tags }: Pick<Product, 'attributes' | 'tags'>): Html {
  const entries = Object.entries(attributes)
  return html`!${trusted(
    entries.length === 0
      ? undefined
      : html`<h2 class="small">Details</h2><dl class="details">!${trusted(
          entries.map(
            ([name, value]) =>
              html`<div><dt dir="auto">${toLabel(name)}</dt><dd dir="auto">${formatValue(value)}</dd></div>`,
          ),
        )}</dl>`,
  )}!${trusted(
    tags.length === 0
      ? undefined
      : html`<ul class="tags" aria-label="Tags">!${trusted(tags.map((tag) => html`<li dir="auto">${tag}</li>`))}</ul>`,
  )}`
}

/** Turns `weightGrams` into `Weight grams`. A name that is not in camel case stays unchanged. */
const toLabel = (name: string): string =>
  /^[a-z]+([A-Z][a-z]*)*$/.test(name)
    ? name.charAt(0).toUpperCase() +
      name.slice(1).replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    : name

function formatValue(value: string | number | boolean): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  // Integers below 1000 look the same in every locale, and the formatter is slow.
  return Number.isInteger(value) && Math.abs(value) < 1000 ? String(value) : numbers.format(value)
}
