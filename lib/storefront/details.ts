import type { Product } from '../catalog/index.ts'
import { type Html, html, ours } from './html.ts'
import { locale } from './shop.ts'

const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 20 })

/** What is left to know: attributes and tags. */
export function details({ attributes, tags }: Pick<Product, 'attributes' | 'tags'>): Html {
  const entries = Object.entries(attributes)
  return html`!${ours(
    entries.length === 0
      ? undefined
      : html`<h2 class="small">Details</h2><dl class="details">!${ours(
          entries.map(
            ([name, value]) =>
              html`<div><dt dir="auto">${words(name)}</dt><dd dir="auto">${told(value)}</dd></div>`,
          ),
        )}</dl>`,
  )}!${ours(
    tags.length === 0
      ? undefined
      : html`<ul class="tags" aria-label="Tags">!${ours(tags.map((tag) => html`<li dir="auto">${tag}</li>`))}</ul>`,
  )}`
}

/** `weightGrams` as `Weight grams`. What is written in another way stays as it is. */
const words = (name: string): string =>
  /^[a-z]+([A-Z][a-z]*)*$/.test(name)
    ? name.charAt(0).toUpperCase() +
      name.slice(1).replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    : name

function told(value: string | number | boolean): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  // Small ones are written alike everywhere, and a formatter takes its time.
  return Number.isInteger(value) && Math.abs(value) < 1000 ? String(value) : numbers.format(value)
}
