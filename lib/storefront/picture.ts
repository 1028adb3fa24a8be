import type { Product } from '../catalog/index.ts'
import { type Html, html, trusted } from './html.ts'

/**
 * When a picture loads: `first` is the largest one that is visible at first, `soon` is another visible one, and `lazy`
 * loads when it is near the visible area.
 */
const attributes = {
  first: html`fetchpriority="high"`,
  soon: html`decoding="async"`,
  lazy: html`loading="lazy" decoding="async"`,
}

/**
 * Renders a picture in a square. The square reserves its space before the picture has loaded.
 *
 * @param alt '' for a picture that adds no information
 * @param size the largest side, CSS pixels; the stylesheet can make it smaller
 */
export const picture = (
  { url }: Product['images'][number],
  { alt, size, when }: { alt: string; size: number; when: keyof typeof attributes },
): Html =>
  html`<img src="${url}" alt="${alt}" width="${size}" height="${size}" !${trusted(attributes[when])}>`
