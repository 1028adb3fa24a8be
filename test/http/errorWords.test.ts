import { describe, expect, test } from 'vitest'
import { aProduct, freshHandlers } from '../support/http.ts'

const { call, put } = await freshHandlers()
const money = (amount: unknown, currency = 'EUR') => ({ amount, currency })
const variants = [{ sku: 'S', price: money(5), stock: 3 }]

/** Returns the detail for each pointer of a 422. */
async function faultsOf(name: string, body: unknown): Promise<Record<string, string>> {
  const { statusCode, json } = await call(name, { path: { id: 'a', sku: 'S' }, body })
  expect(statusCode, JSON.stringify(json)).toBe(422)
  return Object.fromEntries(
    json.errors.map(({ pointer, detail }: { pointer: string; detail: string }) => [pointer, detail]),
  )
}

describe('a price with decimals is answered with the whole number to send', () => {
  const cents = (name: string) => `\`${name}\` is a whole number of cents (EUR): 999 for 9.99`
  test('in every place of a product, and in the patch of a variant', async () => {
    const price = money(9.99)
    expect(await faultsOf('postProduct', { ...aProduct, price })).toEqual({
      '/price/amount': cents('price.amount'),
    })
    expect(
      await faultsOf('putProduct', { ...aProduct, compareAtPrice: price, variants: [{ sku: 'S', price }] }),
    ).toEqual({
      '/compareAtPrice/amount': cents('compareAtPrice.amount'),
      '/variants/0/price/amount': cents('variants[0].price.amount'),
    })
    await put('a', { body: { ...aProduct, variants } })
    // The patch leaves the currency as it is stored.
    expect(await faultsOf('patchProduct', { price: { amount: 9.99 } })).toEqual({
      '/price/amount': cents('price.amount'),
    })
    expect(await faultsOf('patchVariant', { price })).toEqual({ '/price/amount': cents('price.amount') })
  })

  test.each([
    ['10.5 EUR', money(10.5), 'is a whole number of cents (EUR): 1050 for 10.5'],
    ['more decimals than EUR has', money(9.999), 'is a whole number of cents (EUR): 999 for 9.99'],
    ['a number with an exponent', money(1e-9), 'is a whole number of cents (EUR): 999 for 9.99'],
    ['a text', money('999'), 'is a whole number of cents (EUR), not text: 999 for 9.99'],
    ['null', money(null), 'is a whole number of cents (EUR), not null: 999 for 9.99'],
    ['a list', money([]), 'is a whole number of cents (EUR), not a list: 999 for 9.99'],
    ['a text without decimals', money('9', 'JPY'), 'is a whole number of JPY, not text'],
    [
      'a text without a currency',
      { amount: '999' },
      'is a whole number in the smallest unit of the currency, not text: 999 for 9.99 EUR',
    ],
    [
      'a larger amount than allowed',
      money(123456789012.34),
      'is a whole number of cents (EUR): 999 for 9.99',
    ],
    [
      'the largest with decimals',
      money(9999999999.99),
      'is a whole number of cents (EUR): 999999999999 for 9999999999.99',
    ],
    ['a negative number', money(-9.99), 'is a whole number of cents (EUR): 999 for 9.99'],
    ['pounds', money(9.99, 'GBP'), 'is a whole number of the smallest unit of GBP: 999 for 9.99'],
    ['three decimals', money(1.5, 'KWD'), 'is a whole number of the smallest unit of KWD: 1500 for 1.5'],
    ['no decimals', money(9.5, 'JPY'), 'is a whole number of JPY, which has no decimals'],
    [
      'no currency',
      { amount: 9.99 },
      'is a whole number in the smallest unit of the currency: 999 for 9.99 EUR',
    ],
  ])('by the currency: %s', async (_, price, detail) => {
    expect(await faultsOf('postProduct', { ...aProduct, price })).toMatchObject({
      '/price/amount': `\`price.amount\` ${detail}`,
    })
  })

  test('and a bare number with the form of a price', async () => {
    expect(await faultsOf('postProduct', { ...aProduct, price: 9.99 })).toEqual({
      '/price': 'A price is an object such as { "amount": 999, "currency": "EUR" } for 9.99 EUR',
    })
  })
})

describe('a fault names the field and what it must be', () => {
  test('a missing field is said to be missing', async () => {
    expect(await faultsOf('postProduct', {})).toEqual({
      '/title': '`title` is missing',
      '/category': '`category` is missing',
      '/price': '`price` is missing',
    })
    expect(await faultsOf('postProduct', { ...aProduct, variants: [{}], price: { amount: 1 } })).toEqual({
      '/price/currency': '`price.currency` is missing',
      '/variants/0/sku': '`variants[0].sku` is missing',
      '/variants/0/price': '`variants[0].price` is missing',
    })
    expect(await faultsOf('postReview', { rating: 4 })).toEqual({ '/body': '`body` is missing' })
    // In a merge patch null removes a field.
    expect(await faultsOf('patchProduct', { title: null })).toEqual({ '/title': '`title` is missing' })
  })

  test.each<[string, unknown, string]>([
    ['', [], 'The body must be an object, not a list'],
    ['/title', { title: 7 }, '`title` must be text, not a number'],
    ['/title', { title: 'x'.repeat(301) }, '`title` must have at most 300 characters'],
    ['/stock', { stock: 1.5 }, '`stock` must be a whole number, not 1.5'],
    ['/stock', { stock: '3' }, '`stock` must be a number, not text'],
    ['/stock', { stock: -1 }, '`stock` must be at least 0'],
    ['/tags', { tags: Array(251).fill('a') }, '`tags` must have at most 250 items'],
    ['/images', { images: null }, '`images` must be a list, not null'],
    [
      '/attributes/size',
      { attributes: { size: [] } },
      'An attribute is text of at most 2000 characters, a number, true or false',
    ],
    ['/createdAt', { createdAt: 'now' }, '`createdAt` must be a time in UTC such as 2026-01-31T12:00:00Z'],
  ])('at %s: case %#', async (pointer, fields, detail) => {
    const body = Array.isArray(fields) ? fields : { ...aProduct, ...(fields as object) }
    expect(await faultsOf('postProduct', body)).toEqual({ [pointer]: detail })
  })

  test('a wrong type is named, and not the length that such a value also lacks', async () => {
    const image = { url: Array(3000).fill('/') }
    const fields = { title: [], brand: { length: 300 }, tags: 'x'.repeat(300), images: [image] }
    const variant = { ...variants[0], sku: [], options: { a: [] } }
    expect(await faultsOf('postProduct', { ...aProduct, ...fields, variants: [variant] })).toEqual({
      '/title': '`title` must be text, not a list',
      '/brand': '`brand` must be text, not an object',
      '/tags': '`tags` must be a list, not text',
      '/images/0/url': '`images[0].url` must be text, not a list',
      '/variants/0/sku': '`variants[0].sku` must be text, not a list',
      '/variants/0/options/a': '`variants[0].options.a` must be text, not a list',
    })
    expect(await faultsOf('postProduct', { ...aProduct, tags: { length: 500 }, stock: -1.5 })).toEqual({
      '/tags': '`tags` must be a list, not an object',
      '/stock': '`stock` must be a whole number, not -1.5',
    })
    expect(await faultsOf('postReview', { rating: 4, body: [] })).toEqual({
      '/body': '`body` must be text, not a list',
    })
  })

  test('an option and an attribute with the name amount are no money', async () => {
    const variant = { ...variants[0], options: { amount: 5 } }
    expect(
      await faultsOf('postProduct', { ...aProduct, variants: [variant], attributes: { amount: [] } }),
    ).toEqual({
      '/variants/0/options/amount': '`variants[0].options.amount` must be text, not a number',
      '/attributes/amount': 'An attribute is text of at most 2000 characters, a number, true or false',
    })
  })

  test.each([
    ['', 'must have 1 to 100 characters'],
    ['x'.repeat(101), 'must have 1 to 100 characters'],
    ['\ud800', 'must not contain half of a surrogate pair'],
    ['a\ufffd', 'must not contain U+FFFD, which replaces bytes that are not UTF-8'],
    ['__proto__', 'must not be __proto__'],
  ])('the name of an option or attribute breaks a rule: case %#', async (name, rule) => {
    const detail = `The name of an option or attribute ${rule}`
    const [attributes, options] = [{ [name]: 1 }, { [name]: 'x' }]
    const body = JSON.stringify({ ...aProduct, attributes, variants: [{ ...variants[0], options }] })
    // Written out, this character is refused before the body is parsed.
    expect(await faultsOf('postProduct', body.replaceAll('\ufffd', '\\ufffd'))).toEqual({
      [`/attributes/${name}`]: detail,
      [`/variants/0/options/${name}`]: detail,
    })
  })

  test('a name that the writer chose makes no message long', async () => {
    const [detail = ''] = Object.values(
      await faultsOf('postProduct', {
        ...aProduct,
        variants: [{ ...variants[0], options: { ['x'.repeat(100)]: 1 } }],
      }),
    )
    expect(detail).toBe('The value must be text, not a number')
  })
})

describe('a 412 says what to do', () => {
  const detailOf = async (name: string, id: string, headers: Record<string, string>) => {
    const body = name === 'deleteProduct' ? {} : { body: aProduct }
    const { statusCode, json } = await call(name, { path: { id }, headers, ...body })
    expect(statusCode).toBe(412)
    return json.detail
  }

  test('if another write came first', async () => {
    const { json } = await put('b', { body: aProduct })
    for (const name of ['putProduct', 'patchProduct', 'deleteProduct'])
      expect(await detailOf(name, 'b', { 'if-match': '"p-1-1"' })).toBe(
        `The product has version ${json.version}, which If-Match does not name. Read the product, repeat the change on what you read, and send its ETag`,
      )
  })

  test('if the product exists, or does not', async () => {
    const { json } = await put('c', { body: aProduct })
    expect(await detailOf('putProduct', 'c', { 'if-none-match': '*' })).toBe(
      `The product exists already and has version ${json.version}. To replace it, put it without If-None-Match`,
    )
    expect(await detailOf('putProduct', 'none', { 'if-match': '*' })).toBe(
      'The product does not exist, so no version of it matches. To create it, put it without If-Match',
    )
  })
})
