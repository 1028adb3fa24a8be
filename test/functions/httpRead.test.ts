import { expect, test } from 'vitest'
import { productShape } from '../../lib/catalog/product/shape.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { get, put, callWithEvent, redisPort } = await freshHandlers()
await put('1', { body: aProduct })

test('a product is returned with all its fields, its ETag and its Cache-Status', async () => {
  await freshRedis({ port: redisPort })
  await get('1')
  await expect.poll(async () => (await get('1')).headers['cache-status']).toMatch(/^aisle; hit; ttl=\d+$/)
  const { statusCode, headers, json } = await get('1')
  expect(statusCode).toBe(200)
  expect(headers['content-type']).toBe('application/json')
  expect(headers.etag).toBe(`"p-${json.version}-${productShape}"`)
  expect(headers['cache-control']).toContain('s-maxage=')
  expect(headers).not.toHaveProperty('age')
  expect(json).toEqual({
    id: '1',
    ...aProduct,
    description: '',
    variants: [],
    stock: 0,
    images: [],
    tags: [],
    attributes: {},
    rating: { average: 0, count: 0 },
    version: expect.any(Number),
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  })
})

test('a client that has the current version gets 304 without a body, whether it sends a list, a weak ETag or *', async () => {
  const { etag = '' } = (await get('1')).headers
  for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const response = await get('1', { headers: { 'if-none-match': tag } })
    expect(response).toMatchObject({ statusCode: 304, headers: { etag } })
    expect(response.body).toBeUndefined()
  }
  expect((await get('1', { headers: { 'if-none-match': '"p-1"' } })).statusCode).toBe(200)
})

test('a missing product is a 404 problem', async () => {
  const { statusCode, headers, json } = await get('nothing')
  expect(statusCode).toBe(404)
  expect(headers['content-type']).toBe('application/problem+json')
  expect(json).toEqual({
    type: 'urn:aisle:problem:no-such-product',
    title: 'Not Found',
    status: 404,
    detail: 'There is no product nothing',
  })
})

test('an invalid id is a 400 problem', async () => {
  for (const id of [
    '',
    ' ',
    'a b',
    '../x',
    'é',
    'e\u0301',
    '{1}',
    '.',
    '-1',
    'a'.repeat(129),
    '1\n',
    '\u0000',
    '\ud800',
  ]) {
    expect(await get(id)).toMatchObject({ statusCode: 400, json: { type: 'urn:aisle:problem:invalid-id' } })
  }
})

test('an empty event is a 400 response, never an exception', async () => {
  for (const event of [{}, null, { pathParameters: null }]) {
    expect(await callWithEvent('getProduct', event)).toMatchObject({ statusCode: 400 })
  }
})
