import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { beforeAll, describe, expect, test } from 'vitest'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'

const { call, put, db, table } = await freshHandlers()
const path = { id: 'a', sku: 'S' }
const stored = async () => {
  const { Items = [] } = await db.send(new ScanCommand({ TableName: table, ConsistentRead: true }))
  return Items
}

/** Valid requests. Each test makes one part of them invalid. */
const writes: Record<string, Call> = {
  postProduct: { body: { ...aProduct, id: 'new' } },
  putProduct: { path, body: aProduct },
  patchProduct: { path, body: { title: 'x' } },
  patchVariant: { path, body: { stock: 1 } },
  deleteProduct: { path },
}

const tokens: [string, number, object | null][] = [
  ['no authorizer', 401, null],
  ['no valid token', 401, { refusal: 'The token has expired' }],
  ['a token that cannot be checked', 503, { unavailable: 'Try again' }],
  ['a token without scopes', 403, { subject: 'ann', scope: '' }],
  ['a token only for reviews', 403, { subject: 'ann', scope: 'reviews:write' }],
]

const paths: [string, number, Record<string, string>][] = [
  ['an id outside its grammar', 400, { id: '../b' }],
  ['no id', 400, {}],
]

const headers: [string, number, Record<string, string>][] = [
  ['If-Match with another version', 412, { 'if-match': '"p-1"' }],
  ['If-Match with a weak tag of another version', 412, { 'if-match': 'W/"p-1"' }],
  ['If-None-Match: * for a product that exists', 412, { 'if-none-match': '*' }],
  ['If-None-Match with a tag', 400, { 'if-none-match': '"p-1"' }],
]

const bodies: [string, number, Call][] = [
  ['another content type', 415, { headers: { 'content-type': 'text/plain' } }],
  ['no content type', 415, { headers: { 'content-type': '' } }],
  ['malformed JSON', 400, { body: '{' }],
  ['a body over the limit', 413, { body: `"${'x'.repeat(320 * 1024)}"` }],
  ['an unknown field', 422, { body: { colour: 'red' } }],
]

beforeAll(async () => {
  const variants = [{ sku: 'S', price: aProduct.price, stock: 3 }]
  await put('a', { body: { ...aProduct, variants } })
})

for (const [name, valid] of Object.entries(writes)) {
  describe(name, () => {
    const wrong: [string, number, Call][] = [
      // The token is checked before the rest of the request, which is invalid here.
      ...tokens.map(([what, status, authorizer]): [string, number, Call] => [
        what,
        status,
        { authorizer, path: { id: '../b' }, body: '{' },
      ]),
      ...(valid.path
        ? paths.map(([what, status, path]): [string, number, Call] => [what, status, { path }])
        : []),
      ...(valid.path
        ? headers.map(([what, status, headers]): [string, number, Call] => [what, status, { headers }])
        : []),
      ...(valid.body ? bodies : []),
    ]
    for (const [what, status, change] of wrong) {
      test(`responds ${status} to ${what}, and writes nothing`, async () => {
        const before = await stored()
        const refused = await call(name, { ...valid, ...change })
        expect(refused.statusCode).toBe(status)
        expect(refused.headers['content-type']).toBe('application/problem+json')
        expect(refused.json).toMatchObject({ status, type: expect.stringMatching(/^urn:aisle:problem:/) })
        expect(await stored()).toEqual(before)
      })
    }

    test('responds 503 with Retry-After if the function has too little time left', async () => {
      const context = { getRemainingTimeInMillis: () => 400 }
      const late = await call(name, { ...valid, context })
      expect(late).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
    })
  })
}

for (const name of ['patchProduct', 'patchVariant', 'deleteProduct']) {
  test(`${name} responds 404 for a product that does not exist, whatever If-Match says`, async () => {
    for (const headers of [{}, { 'if-match': '*' }, { 'if-match': '"p-1"' }]) {
      const refused = await call(name, { ...writes[name], path: { id: 'none', sku: 'S' }, headers })
      expect(refused).toMatchObject({ statusCode: 404, json: { type: 'urn:aisle:problem:no-such-product' } })
    }
  })
}
