import { expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { toImportedProduct } from '../../lib/import/importedProduct.ts'
import { parseCurrency } from '../../lib/import/money.ts'
import { aProduct } from '../support/http.ts'

const eur = parseCurrency('EUR')

test.each([
  ['//cdn.example/women’s pot.jpg?v=1', 'https://cdn.example/women’s%20pot.jpg?v=1'],
  ['https://cdn.example//a//b.jpg', 'https://cdn.example//a//b.jpg'],
  ['/a//b.jpg', '/a//b.jpg'],
  ["https://cdn.example/women's.webp", 'https://cdn.example/women%27s.webp'],
  ['https://cdn.example/a\u202egpj.jpg', 'https://cdn.example/a%E2%80%AEgpj.jpg'],
  ['//cdn.example/\u061ca.jpg', 'https://cdn.example/%D8%9Ca.jpg'],
])('an import accepts the image URL %j as %j, and each format does so', (from, to) => {
  const row = { id: 1, title: 'Pot', category: 'pots', price: 1, images: [from] }
  const dummy = toImportedProduct(row, eur).content.images
  expect(dummy).toEqual([{ url: to, alt: '' }])
  const shopify = toImportedProduct(
    [
      {
        Handle: 'pot',
        Title: 'Pot',
        Type: 'pots',
        'Variant Price': '1',
        'Image Src': from,
        Status: 'active',
      },
    ],
    eur,
  ).content.images
  expect(shopify).toEqual([{ url: to, alt: '' }])
  expect(parseProduct({ ...aProduct, images: dummy }).content.images).toEqual(dummy)
})
