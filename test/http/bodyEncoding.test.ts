import { describe, expect, test } from 'vitest'
import { aProduct, freshHandlers, toEvent } from '../support/http.ts'

const { call, callWithEvent, put } = await freshHandlers()
const path = { id: 'a', sku: 'S' }
await put('a', { body: { ...aProduct, variants: [{ sku: 'S', price: aProduct.price }] } })

const bodies: Record<string, object> = {
  postProduct: { ...aProduct, id: 'new' },
  putProduct: aProduct,
  patchProduct: { title: 'x' },
  patchVariant: { stock: 1 },
  postReview: { rating: 5, body: 'x' },
}

/**
 * Bytes that are not UTF-8: Latin-1, half of a sequence, an overlong slash, half of a surrogate pair, and no character.
 */
const invalid = ['e9', 'f09f98', 'c0af', 'eda080', 'ff']
const withBytes = (hex: string) =>
  Buffer.concat([Buffer.from('{"title":"Caf'), Buffer.from(hex, 'hex'), Buffer.from('"}')])

describe('a body that is not UTF-8 is a 400', () => {
  for (const name of Object.keys(bodies)) {
    // API Gateway passes application/json decoded, and other media types in base64.
    test.each(['decoded', 'base64'])(`${name}: ${'%s'}`, async (how) => {
      for (const hex of invalid) {
        const body = withBytes(hex).toString(how === 'decoded' ? 'utf8' : 'base64')
        const event = { ...toEvent({ path, body }), isBase64Encoded: how === 'base64' }
        expect(await callWithEvent(name, event), hex).toMatchObject({
          statusCode: 400,
          json: { type: 'urn:aisle:problem:malformed-json', detail: expect.stringContaining('UTF-8') },
        })
      }
    })
  }

  test.each(['decoded', 'base64'])('and so is a body with a byte order mark, %s', async (how) => {
    const body = Buffer.from(`\ufeff${JSON.stringify(aProduct)}`).toString(
      how === 'decoded' ? 'utf8' : 'base64',
    )
    const event = { ...toEvent({ path, body }), isBase64Encoded: how === 'base64' }
    expect(await callWithEvent('putProduct', event)).toMatchObject({
      statusCode: 400,
      json: { type: 'urn:aisle:problem:malformed-json' },
    })
  })

  test('and a text with the escape of U+FFFD is a 422 that names the field', async () => {
    const refused = await put('a', {
      body: `{"title":"Caf\\ufffd","category":"x","price":{"amount":1,"currency":"EUR"}}`,
    })
    expect(refused).toMatchObject({ statusCode: 422, json: { errors: [{ pointer: '/title' }] } })
    const attributes = JSON.stringify({ ...aProduct, attributes: { 'caf?': 'x' } }).replace('?', '\\ufffd')
    expect(await put('a', { body: attributes })).toMatchObject({ statusCode: 422 })
  })
})

describe('a compressed body is a 415 that says what to send', () => {
  for (const [name, body] of Object.entries(bodies)) {
    test(name, async () => {
      for (const coding of ['gzip', 'br', 'GZIP', 'identity, gzip', 'x'])
        expect(
          await call(name, { path, body, headers: { 'Content-Encoding': coding } }),
          coding,
        ).toMatchObject({
          statusCode: 415,
          headers: { 'accept-encoding': 'identity' },
          json: {
            type: 'urn:aisle:problem:wrong-content-encoding',
            detail: expect.stringContaining('uncompressed'),
          },
        })
      for (const coding of ['identity', 'Identity', '']) {
        const { statusCode } = await call(name, { path, body, headers: { 'content-encoding': coding } })
        expect(statusCode, coding).not.toBe(415)
      }
    })
  }
})
