import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { aProduct, freshHandlers } from '../support/http.ts'

const { call, put, db, table } = await freshHandlers()

const parse = (url: string) => parseProduct({ ...aProduct, images: [{ url, alt: '' }] })

describe('the url of an image', () => {
  test.each([
    'https://images.example/pot.jpg?width=3&v=1#x',
    'http://127.0.0.1:3000/pot.jpg',
    'https://images.example/töpfe/קנקן.jpg',
    'https://images.example/%E2%80%AE.jpg',
    '/pictures/pot.svg',
    '/a//b.svg',
  ])('is accepted: %j', (url) => {
    expect(parse(url).content.images[0]?.url).toBe(url)
  })

  test.each([
    '//host.example/x.jpg',
    '///host.example/x.jpg',
    '/\\host.example/x.jpg',
    'pot.jpg',
    'data:image/png;base64,AA',
    'javascript:alert(1)',
    ...['', 'https://images.example/'].flatMap((start) =>
      [
        ...['\0', '\x01', '\t', '\n', '\x1b', '\x7f', '\x80', '\x9f'],
        ...['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'],
        ...['\u2066', '\u2067', '\u2068', '\u2069', '\u2028', '\ud800', '\ufffd'],
      ].map((character) => `${start || '/'}a${character}gpj.jpg`),
    ),
  ])('is refused: %j', (url) => {
    expect(() => parse(url)).toThrow(/^\/images\/0\/url: An image url/)
  })
})

describe('a stored image whose url is refused today', () => {
  const images = [{ url: '//host.example/x.jpg', alt: '' }]
  const patch = (id: string, body: object) => call('patchProduct', { path: { id }, body })
  const isRefused = { statusCode: 422, json: { errors: [{ pointer: '/images/0/url' }] } }
  const stored = async (id: string) => {
    await put(id, { body: aProduct })
    const set = { UpdateExpression: 'SET images = :images', ExpressionAttributeValues: { ':images': images } }
    await db.send(new UpdateCommand({ TableName: table, Key: productKey(id), ...set }))
  }

  test('stays as it is in a PATCH of something else', async () => {
    await stored('kept')
    const price = { amount: 5, currency: 'EUR' }
    expect(await patch('kept', { price })).toMatchObject({ statusCode: 200, json: { price, images } })
    expect(await patch('kept', { stock: -1 })).toMatchObject({
      statusCode: 422,
      json: { errors: [{ pointer: '/stock' }] },
    })
  })

  test('is refused in a PATCH of the images, and can be replaced by one', async () => {
    await stored('replaced')
    expect(await patch('replaced', { images })).toMatchObject(isRefused)
    const mended = [{ url: 'https://host.example/x.jpg', alt: '' }]
    expect((await patch('replaced', { images: mended })).json.images).toEqual(mended)
  })

  test('counts for the size of a patched product', async () => {
    const many = (length: number) =>
      Array.from({ length }, (_, n) => ({ url: `/${n}${'x'.repeat(2000)}`, alt: '' }))
    expect((await put('large', { body: { ...aProduct, images: many(120) } })).statusCode).toBe(201)
    const attributes = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`a${n}`, 'x'.repeat(2000)]))
    expect(await patch('large', { attributes })).toMatchObject({ statusCode: 422 })
  })
})
