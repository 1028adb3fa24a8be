import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { get, put, callWithEvent, db, table, redisPort } = await freshHandlers()

describe('PUT /products/{id}', () => {
  test('creates a product with 201 and Location, replaces it with 200, and raises the version', async () => {
    const created = await put('a', { body: aProduct })
    expect(created).toMatchObject({ statusCode: 201, headers: { location: '/products/a' } })
    const replaced = await put('a', { body: { ...aProduct, title: 'Bigger moka pot' } })
    expect(replaced).toMatchObject({ statusCode: 200, json: { title: 'Bigger moka pot' } })
    expect(replaced.json.version).toBeGreaterThan(created.json.version)
    expect(replaced.json.createdAt).toBe(created.json.createdAt)
    expect(replaced.headers.etag).toBe((await get('a')).headers.etag)
  })

  test('shows in the next read, and reports whether the cached copies are removed', async () => {
    const away = await put('b', { body: aProduct })
    expect(away.headers['cache-status']).toBe('aisle; fwd=method; detail=invalidation-deferred')
    await freshRedis({ port: redisPort })
    await expect.poll(async () => (await get('b')).headers['cache-status'], { timeout: 3000 }).toMatch(/hit/)
    const { headers } = await put('b', { body: { ...aProduct, title: 'new' } })
    expect(headers['cache-status']).toBe('aisle; fwd=method; detail=invalidation-done')
    const read = await get('b')
    expect(read.json.title).toBe('new')
    expect(read.headers['cache-status']).toMatch(/^aisle; fwd=uri-miss; stored; ttl=\d+$/)
  })

  test('accepts a product as it was read, and ignores the fields that the catalogue maintains', async () => {
    await put('c', { body: aProduct })
    const { json: read } = await get('c')
    const sent = {
      ...read,
      title: 'x',
      version: 1,
      rating: { average: 5, count: 99 },
      createdAt: '2001-01-01T00:00:00Z',
    }
    const { statusCode, json } = await put('c', { body: sent })
    expect(statusCode).toBe(200)
    expect(json).toMatchObject({ title: 'x', rating: { count: 0 }, createdAt: read.createdAt })
    expect(json.version).toBeGreaterThan(read.version)
  })

  test('sets the stock of a product with variants to the sum of theirs', async () => {
    const price = aProduct.price
    const variants = [
      { sku: 'S', price, stock: 2 },
      { sku: 'L', price, stock: 5 },
    ]
    expect((await put('d', { body: { ...aProduct, variants, stock: 1 } })).json.stock).toBe(7)
  })
})

describe('a conditional PUT', () => {
  test('returns 412 with the current version if If-Match is older, and changes nothing', async () => {
    const first = await put('e', { body: aProduct })
    const second = await put('e', { body: { ...aProduct, title: 'second' } })
    const late = await put('e', {
      body: { ...aProduct, title: 'late' },
      headers: { 'if-match': first.headers.etag ?? '' },
    })
    expect(late).toMatchObject({ statusCode: 412, json: { currentVersion: second.json.version } })
    expect((await get('e')).json.title).toBe('second')
    const fine = await put('e', { body: aProduct, headers: { 'if-match': `"p-1", ${second.headers.etag}` } })
    expect(fine.statusCode).toBe(200)
  })

  test('returns 412 for If-Match if the product does not exist, and for If-None-Match: * if it does', async () => {
    expect(await put('f', { body: aProduct, headers: { 'if-match': '*' } })).toMatchObject({
      statusCode: 412,
    })
    expect(await put('f', { body: aProduct, headers: { 'if-none-match': '*' } })).toMatchObject({
      statusCode: 201,
    })
    expect(await put('f', { body: aProduct, headers: { 'if-none-match': '*' } })).toMatchObject({
      statusCode: 412,
    })
    expect(await put('f', { body: aProduct, headers: { 'if-match': 'W/"p-1"' } })).toMatchObject({
      statusCode: 412,
    })
    expect(await put('f', { body: aProduct, headers: { 'if-none-match': '"x"' } })).toMatchObject({
      statusCode: 400,
    })
  })

  test('succeeds for exactly one of several concurrent writers with the same If-Match', async () => {
    const { headers } = await put('g', { body: aProduct })
    const responses = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        put('g', {
          body: { ...aProduct, title: `editor ${index}` },
          headers: { 'if-match': headers.etag ?? '' },
        }),
      ),
    )
    expect(responses.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
    expect(responses.filter(({ statusCode }) => statusCode === 412)).toHaveLength(7)
  })
})

describe('a PUT', () => {
  const bad: [string, number, Parameters<typeof put>[1], object?][] = [
    ['no token', 401, { body: aProduct, authorizer: { refusal: 'Send a token' } }],
    ['no authorizer', 401, { body: aProduct, authorizer: null }],
    [
      'a token with other scopes',
      403,
      { body: aProduct, authorizer: { scope: 'reviews:write catalog:writes' } },
    ],
    ['a token without a scope', 403, { body: aProduct, authorizer: { scope: '' } }],
    ['malformed JSON', 400, { body: '{"title":' }],
    ['no body', 415, {}],
    ['an empty body', 400, { body: '' }],
    ['a body of null', 422, { body: 'null' }, [{ pointer: '' }]],
    ['another content type', 415, { body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['a body over the limit', 413, { body: `"${'x'.repeat(320 * 1024)}"` }],
    ['a list instead of an object', 422, { body: '[]' }, [{ pointer: '' }]],
    ['a missing field', 422, { body: { ...aProduct, title: undefined } }, [{ pointer: '/title' }]],
    ['an unknown field', 422, { body: { ...aProduct, colour: 'red' } }, [{ pointer: '/colour' }]],
    [
      'a price with a fraction',
      422,
      { body: { ...aProduct, price: { amount: 9.99, currency: 'EUR' } } },
      [{ pointer: '/price/amount' }],
    ],
    ['a number out of range', 422, { body: { ...aProduct, stock: 1e300 } }, [{ pointer: '/stock' }]],
    ['half of a surrogate pair', 422, { body: { ...aProduct, title: '\ud83d' } }, [{ pointer: '/title' }]],
    ['a NUL character', 422, { body: { ...aProduct, title: 'a\u0000b' } }, [{ pointer: '/title' }]],
    [
      'two variants with the same sku',
      422,
      { body: { ...aProduct, variants: [1, 2].map(() => ({ sku: 'x', price: aProduct.price })) } },
      [{ pointer: '/variants' }],
    ],
    ['another id', 422, { body: { ...aProduct, id: 'other' } }, [{ pointer: '/id' }]],
    [
      'the key __proto__',
      422,
      { body: `{"title":"x","category":"x","price":{"amount":1,"currency":"EUR"},"__proto__":{"a":1}}` },
      [{ pointer: '/__proto__' }],
    ],
    [
      'a script as an image url',
      422,
      { body: { ...aProduct, images: [{ url: 'javascript:alert(1)' }] } },
      [{ pointer: '/images/0/url' }],
    ],
  ]
  for (const [what, status, call, errors] of bad) {
    test(`with ${what} returns ${status}, and writes nothing`, async () => {
      const { statusCode, headers, json } = await put('bad', call)
      expect(statusCode).toBe(status)
      expect(headers['content-type']).toBe('application/problem+json')
      expect(json).toMatchObject({ type: expect.stringMatching(/^urn:aisle:problem:/), status })
      if (errors) expect(json.errors).toMatchObject(errors)
      expect(
        (await db.send(new GetCommand({ TableName: table, Key: productKey('bad') }))).Item,
      ).toBeUndefined()
    })
  }

  test('with a null body, as the local emulator sends it, returns 400', async () => {
    const event = {
      pathParameters: { id: 'bad' },
      headers: { 'Content-Type': 'application/json' },
      body: null,
      requestContext: { authorizer: { lambda: { scope: 'catalog:write' } } },
    }
    expect(await callWithEvent('putProduct', event)).toMatchObject({ statusCode: 400 })
  })

  test('with bytes that are not UTF-8 returns 400', async () => {
    const body = Buffer.concat([Buffer.from('{"title":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])
    const event = {
      pathParameters: { id: 'bad' },
      headers: { 'content-type': 'application/json' },
      body: body.toString('base64'),
      isBase64Encoded: true,
      requestContext: { authorizer: { lambda: { scope: 'catalog:write' } } },
    }
    expect(await callWithEvent('putProduct', event)).toMatchObject({ statusCode: 400 })
  })

  test('without a valid token returns error="invalid_token" only if it sent a token', async () => {
    const none = await put('bad', { body: aProduct, authorizer: { refusal: 'x' } })
    expect(none.headers['www-authenticate']).toBe('Bearer')
    const bad = await put('bad', {
      body: aProduct,
      authorizer: { refusal: 'x' },
      headers: { Authorization: 'Bearer x' },
    })
    expect(bad.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
  })

  test('that does not finish in the time of its function returns 503 with Retry-After', async () => {
    const event = {
      pathParameters: { id: 'late' },
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(aProduct),
      requestContext: { authorizer: { lambda: { scope: 'catalog:write' } } },
    }
    const response = await callWithEvent('putProduct', event, { getRemainingTimeInMillis: () => 400 })
    expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
  })

  test('with several faults returns all of them, not only the first', async () => {
    const { json } = await put('bad', {
      body: { category: 'No Slug', price: { amount: -1, currency: 'euro' } },
    })
    expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/category',
      '/price/amount',
      '/price/currency',
      '/title',
    ])
  })
})
