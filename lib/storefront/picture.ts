import type { Product } from '../catalog/index.ts'
import { type Html, html, ours } from './html.ts'

/** When a picture is loaded: `first` the largest of what is seen at first, `soon` the others, `lazy` when it is near. */
const attributes = {
  first: html`fetchpriority="high"`,
  soon: html`decoding="async"`,
  lazy: html`loading="lazy" decoding="async"`,
}

/**
 * A picture in a square of its own: its place is kept before it comes.
 *
 * @param alt '' for one that says nothing new
 * @param size of the side, CSS pixels, at the largest; the stylesheet makes it smaller
 */
export const picture = (
  { url }: Product['images'][number],
  { alt, size, when }: { alt: string; size: number; when: keyof typeof attributes },
): Html => html`<img src="${url}" alt="${alt}" width="${size}" height="${size}" !${ours(attributes[when])}>`
