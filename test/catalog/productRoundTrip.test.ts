import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvalidProduct } from '../../lib/catalog/errors.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readItem, readProduct } from '../../lib/catalog/product/readProduct.ts'
import { hasContent } from '../../lib/catalog/table/items.ts'
import { freshTables } from '../support/dynamodb.ts'

const { db, table } = await freshTables()

// Mostly valid values, and a few invalid ones.
const text = fc.oneof(
  { weight: 40, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
)
const money = fc.record({ amount: fc.nat(), currency: fc.constantFrom('EUR', 'JPY', 'USD') })
const input = fc.record(
  {
    title: text,
    description: text,
    brand: text,
    category: fc.constantFrom('kitchen', 'kitchen/coffee', 'No'),
    price: money,
    compareAtPrice: money,
    variants: fc.array(
      fc.record({
        sku: text,
        options: fc.dictionary(text, text, { maxKeys: 3 }),
        price: money,
        stock: fc.nat(),
      }),
      {
        maxLength: 3,
      },
    ),
    stock: fc.nat(),
    images: fc.array(fc.record({ url: fc.webUrl(), alt: text }), { maxLength: 2 }),
    tags: fc.array(text, { maxLength: 3 }),
    attributes: fc.dictionary(text, fc.oneof(text, fc.double(), fc.integer(), fc.boolean()), { maxKeys: 4 }),
  },
  { requiredKeys: ['title', 'category', 'price'] },
)

test('every accepted product is read from DynamoDB unchanged, and every other input is refused with a reason', async () => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(input, async (product) => {
      let content: ReturnType<typeof parseProduct>['content']
      try {
        content = parseProduct(product).content
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidProduct)
        expect((error as InvalidProduct).faults.length).toBeGreaterThan(0)
        return
      }
      accepted++
      const { value } = await putProduct({ db, table }, 'x', content)
      const read = await readProduct({ db, table }, 'x')
      expect(read).toEqual(value)
      expect(read).toMatchObject(JSON.parse(JSON.stringify(content)))
      const item = await readItem({ db, table }, 'x')
      expect(item && hasContent(item, content)).toBe(true)
    }),
    { numRuns: 500 },
  )
  expect(accepted).toBeGreaterThan(50)
}, 60_000)

test('option and attribute names that mean something to JavaScript are accepted', async () => {
  const names = ['constructor', 'toString', 'hasOwnProperty', 'prototype', '__defineGetter__']
  const every = Object.fromEntries(names.map((name) => [name, name]))
  const variants = [{ sku: 'x', price: { amount: 1, currency: 'EUR' }, options: every }]
  const { content } = parseProduct({
    title: 'x',
    category: 'x',
    price: { amount: 1, currency: 'EUR' },
    variants,
    attributes: every,
  })
  const { value } = await putProduct({ db, table }, 'names', content)
  expect(value.attributes).toEqual(every)
  expect(await readProduct({ db, table }, 'names')).toEqual(value)
})

test('a product that is too large for one item is refused', () => {
  const description = 'ü'.repeat(20_000)
  const attributes = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`a${n}`, 'x'.repeat(1800)]))
  const large = { title: 'x', description, category: 'x', price: { amount: 1, currency: 'EUR' }, attributes }
  expect(() => parseProduct(large)).toThrow(/at most 262144 bytes/)
})

test('any JSON is parsed as a product or refused with a reason', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      try {
        parseProduct(JSON.parse(json))
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidProduct)
      }
    }),
    { numRuns: 1000 },
  )
})
