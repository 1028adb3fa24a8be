import { expect, test } from 'vitest'
import { productPageOf } from '../../bench/http/productPage.ts'
import { cards } from '../../lib/storefront/cards.ts'
import { toText } from '../../lib/storefront/html.ts'
import { productPage } from '../../lib/storefront/productPage.ts'
import { parseElements } from '../support/parseHtml.ts'

test('a product without a picture has a page without a gallery', () => {
  const page = productPageOf('p', 'full')
  const galleries = (images: typeof page.product.images) =>
    parseElements(productPage({ ...page, product: { ...page.product, images } })).filter(
      ({ attributes }) => attributes.get('class') === 'gallery',
    ).length
  expect([galleries([]), galleries(page.product.images)]).toEqual([0, 1])
})

test('a card without a picture shows the mark of the shop', () => {
  const [card] = productPageOf('p', 'full').related
  if (!card) throw new Error('The document has no related products')
  const { image: _, ...bare } = card
  const page = `<!doctype html><html><head></head><body>${toText(cards([bare], 2))}</body></html>`
  const [picture] = parseElements(page).filter(({ name }) => name === 'img')
  expect(picture?.attributes.get('src')).toMatch(/^\/assets\/mark-/)
  expect(picture?.attributes.get('alt')).toBe('')
})
