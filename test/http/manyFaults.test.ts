import { describe, expect, test } from 'vitest'
import { InvalidProduct } from '../../lib/catalog/errors.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'

const { call, put } = await freshHandlers()
const path = { id: 'a', sku: 'S' }
await put('a', { body: { ...aProduct, variants: [{ sku: 'S', price: aProduct.price }] } })

/** The writes with a body, and a part of a valid body. */
const writes: Record<string, object> = {
  postProduct: aProduct,
  putProduct: aProduct,
  patchProduct: {},
  patchVariant: { stock: 1 },
  postReview: { rating: 5, body: 'Good.' },
}

const fields = (count: number, name: (n: number) => string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [name(n), 1]))

describe('a 422 has at most twenty faults, and counts the others', () => {
  for (const [name, valid] of Object.entries(writes)) {
    const send = (extra: object) => call(name, { path, body: { ...valid, ...extra } } satisfies Call)

    test(`${name} with 20,000 unknown fields`, async () => {
      const { statusCode, json, body = '' } = await send(fields(20_000, (n) => `field${n}`))
      expect(statusCode).toBe(422)
      expect(json.errors).toHaveLength(20)
      expect(json.moreErrors).toBeGreaterThanOrEqual(19_980)
      expect(body.length).toBeLessThan(3_000)
    })

    test(`${name} with 30 unknown fields of 5,000 characters`, async () => {
      // An emoji is a surrogate pair, which the cut may not divide, and a slash takes two characters in a pointer.
      for (const filling of ['x', '/', '😀', 'x😀'.repeat(50)]) {
        const long = filling.repeat(5_000 / filling.length)
        const { statusCode, json, body = '' } = await send(fields(30, (n) => `${n}${long}`))
        expect(statusCode).toBe(422)
        expect(body.length).toBeLessThan(10_000)
        for (const { pointer } of json.errors) {
          expect(pointer.length).toBeLessThanOrEqual(200)
          expect(pointer.isWellFormed()).toBe(true)
          // RFC 6901, 3.
          expect(pointer).toMatch(/^(\/([^~/]|~[01])*)*$/)
        }
      }
    })

    test(`${name} with one unknown field does not count others`, async () => {
      const { json } = await send({ colour: 'red' })
      expect(json).not.toHaveProperty('moreErrors')
      expect(json.errors).toContainEqual({ pointer: '/colour', detail: 'Unknown field' })
    })
  }
})

test('the message of the error, which an import writes into its report, is as short', () => {
  const faults = Array.from({ length: 500 }, (_, n) => ({ pointer: `/a${n}`, detail: 'Unknown field' }))
  const { message } = new InvalidProduct(faults)
  expect(message).toMatch(/^\/a0: Unknown field; .*\/a19: Unknown field; and 480 more faults$/)
})
