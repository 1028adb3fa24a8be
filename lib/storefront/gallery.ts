import type { Product } from '../catalog/index.ts'
import { type Html, html, ours } from './html.ts'
import { picture } from './picture.ts'

/**
 * All pictures of a product: one large, and the others to choose from. The choice is a radio group, so that it needs no
 * script, works by keyboard, and leaves nothing in the browser's history.
 */
export function gallery({ images, title }: Pick<Product, 'images' | 'title'>): Html {
  const [first] = images
  if (!first) return html`<div class="gallery"><div class="frame"></div></div>`
  const large = (image: typeof first, at: number) =>
    html`<div class="frame">!${ours(picture(image, { alt: image.alt || title, size: 720, when: at === 0 ? 'first' : 'lazy' }))}</div>`
  if (images.length === 1) return html`<div class="gallery">!${ours(large(first, 0))}</div>`
  return html`<fieldset class="gallery"><legend class="hidden">Pictures</legend>
!${ours(
    images.map(
      (image, at) => html`<label><input class="hidden" type="radio" name="picture"!${ours(
        at === 0 ? html` checked` : undefined,
      )}><span class="hidden">Picture ${at + 1}</span>!${ours(
        picture(image, { alt: '', size: 96, when: at < 6 ? 'soon' : 'lazy' }),
      )}</label>!${ours(large(image, at))}
`,
    ),
  )}</fieldset>`
}
