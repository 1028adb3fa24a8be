import type { Product } from '../catalog/index.ts'
import { type Html, html, trusted } from './html.ts'
import { picture } from './picture.ts'

/**
 * Renders all pictures of a product: one large, and the others to choose from. The choice is a radio group, so it needs
 * no script, works with the keyboard, and adds nothing to the browser's history. Returns undefined without pictures.
 */
export function gallery({ images, title }: Pick<Product, 'images' | 'title'>): Html | undefined {
  const [first] = images
  if (!first) return undefined
  const large = (image: typeof first, index: number) =>
    html`<div class="frame">!${trusted(picture(image, { alt: image.alt || title, size: 720, when: index === 0 ? 'first' : 'lazy' }))}</div>`
  if (images.length === 1) return html`<div class="gallery">!${trusted(large(first, 0))}</div>`
  return html`<fieldset class="gallery"><legend class="hidden">Pictures</legend>
!${trusted(
    images.map(
      (image, index) => html`<label><input class="hidden" type="radio" name="picture"!${trusted(
        index === 0 ? html` checked` : undefined,
      )}><span class="hidden">Picture ${index + 1}</span>!${trusted(
        picture(image, { alt: '', size: 96, when: index < 6 ? 'soon' : 'lazy' }),
      )}</label>!${trusted(large(image, index))}
`,
    ),
  )}</fieldset>`
}
