import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { freshTables } from '../support/dynamodb.ts'
import { importText, mug, ndjson } from '../support/importing.ts'

const shopify = readFileSync(new URL('../fixtures/shopify.csv', import.meta.url), 'utf8')
const three = [mug('a', { title: 'Größe 1' }), mug('b'), mug('c')]

const formats = {
  'a JSON array': JSON.stringify(three, null, 2),
  'a JSON array on one line': JSON.stringify(three),
  NDJSON: ndjson(three),
  'NDJSON with Windows line ends and blank lines': ndjson(three).replaceAll('\n', '\r\n\r\n'),
  'a JSON array after a byte order mark': `\ufeff${JSON.stringify(three)}`,
  'NDJSON after a byte order mark': `\ufeff${ndjson(three)}`,
}

test.each(Object.entries(formats))(
  'the content alone identifies %s, plain or gzipped, at any chunk size',
  async (_, text) => {
    for (const chunkSize of [1, 7, 65_536]) {
      const plain = await importText(text, { chunkSize })
      expect(plain.report).toMatchObject({ rows: 3, valid: 3, refused: 0 })
      const packed = await importText(gzipSync(text), { chunkSize })
      expect(packed.report).toMatchObject({ rows: 3, valid: 3, refused: 0 })
    }
  },
)

test('an empty array imports as a catalogue without products', async () => {
  const { report } = await importText('[]')
  expect(report).toMatchObject({ rows: 0, refused: 0 })
  expect(report.error).toBeUndefined()
})

test.each([
  ['nothing at all', '', 'empty'],
  ['white space', ' \n', 'white space only'],
  [
    'prose',
    'Dear customer,\nplease find attached',
    'neither a JSON array, nor NDJSON, nor a Shopify product CSV',
  ],
  ['another CSV', 'sku;price\n1;2\n', 'Handle and Title'],
  ['a spreadsheet', 'PK\x03\x04rest', 'ZIP archive or a spreadsheet'],
  ['UTF-16', Buffer.from('\ufeff[]', 'utf16le'), 'UTF-16'],
  ['binary data', Buffer.from([1, 2, 0, 4]), 'binary'],
  ['gzip that ends early', gzipSync('[1,2,3]').subarray(0, 12), 'gzip data end too early'],
  ['damaged gzip', Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]), 'gzip data are damaged'],
])('%s is refused as a whole, with the reason', async (_, content, reason) => {
  const { report } = await importText(content)
  expect(report.error).toContain(reason)
  expect(report.valid).toBe(0)
})

test('a Shopify CSV becomes products with variants, options, images and plain text', async () => {
  const { db, table } = await freshTables()
  for (const text of [shopify, shopify.replaceAll('\n', '\r\n')]) {
    const { report, rejects } = await importText(text, {
      target: { db, table },
      currencyCode: 'EUR',
      chunkSize: 50,
    })
    expect(rejects).toEqual([])
    expect(report).toMatchObject({ rows: 4, refused: 0, skipped: 1 })
  }
  const shirt = await readProduct({ db, table }, 'linen-shirt')
  expect(shirt).toMatchObject({
    id: 'linen-shirt',
    title: 'Linen Shirt, "Riva"',
    description: 'Cool & light.\nWashed linen\nMade in Porto – 100 % flax',
    brand: 'Costa',
    category: 'apparel-accessories/clothing/shirts-tops',
    price: { amount: 5990, currency: 'EUR' },
    compareAtPrice: { amount: 7990, currency: 'EUR' },
    stock: 7,
    tags: ['summer', 'linen'],
    variants: [
      {
        sku: 'RIVA-S',
        options: { Size: 'S', Colour: 'Sand' },
        price: { amount: 5990, currency: 'EUR' },
        stock: 4,
      },
      {
        sku: 'RIVA-M',
        options: { Size: 'M', Colour: 'Sand' },
        price: { amount: 6490, currency: 'EUR' },
        stock: 0,
      },
      {
        sku: 'linen-shirt/L/Sand',
        options: { Size: 'L', Colour: 'Sand' },
        price: { amount: 6490, currency: 'EUR' },
        stock: 3,
      },
    ],
    images: [
      { url: 'https://cdn.example/riva-front.jpg', alt: 'Front' },
      { url: 'https://cdn.example/riva-back.jpg?v=1', alt: 'Back' },
      { url: 'https://cdn.example/riva%27s-hem.jpg', alt: '' },
    ],
  })
  expect(await readProduct({ db, table }, 'gift-card')).toMatchObject({
    category: 'uncategorized',
    variants: [{ sku: 'gift-card', options: {} }],
  })
  expect(await readProduct({ db, table }, 'cafe-cup')).toMatchObject({
    category: 'kuche',
    price: { amount: 1200 },
  })
  expect(await readProduct({ db, table }, 'next-season')).toBeUndefined()
})

test('a price is stored exactly, in the minor unit of its currency', async () => {
  const { db, table } = await freshTables()
  const priced = (id: number, price: number) => ({ id, title: 'x', category: 'x', price })
  const target = { db, table }
  const amount = async (id: number) => (await readProduct({ db, table }, String(id)))?.price.amount
  await importText(ndjson([priced(1, 8.2), priced(2, 1.1), priced(3, 4.35), priced(4, 9007199254.01)]), {
    target,
  })
  expect([await amount(1), await amount(2), await amount(3), await amount(4)]).toEqual([
    820, 110, 435, 900719925401,
  ])
  await importText(ndjson([priced(5, 1234)]), { target, currencyCode: 'JPY' })
  await importText(ndjson([priced(6, 1.234)]), { target, currencyCode: 'KWD' })
  expect([await amount(5), await amount(6)]).toEqual([1234, 1234])
  const { rejects } = await importText(
    ndjson([priced(7, 1.234), priced(8, 0.1 + 0.2), priced(9, -1), priced(10, 1e22)]),
  )
  expect(rejects.map(({ reason }) => reason)).toEqual([
    '/price: 1.234 has more than the 2 decimals of USD',
    '/price: 0.30000000000000004 has more than the 2 decimals of USD',
    '/price: "-1" is not an amount such as 9.99',
    '/price: "1e+22" is not an amount such as 9.99',
  ])
  await expect(importText('[]', { currencyCode: 'EURO' })).rejects.toThrow('"EURO" is not a currency')
})

test('an import of products that were read from the catalogue changes nothing', async () => {
  const { db, table } = await freshTables()
  await importText(ndjson(three), { target: { db, table } })
  const read = await Promise.all(three.map(({ id }) => readProduct({ db, table }, id)))
  const { report } = await importText(ndjson(read), { target: { db, table } })
  expect(report).toMatchObject({ unchanged: 3, updated: 0, refused: 0 })
})
