import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { operations } from '../support/openapi.ts'

const { call, redisPort } = await freshHandlers()
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url

/** Accepts connections in the place of Redis, counts them, and never answers. */
let connections = 0
const redis = createServer(() => connections++)
beforeAll(() => once(redis.listen(redisPort, '127.0.0.1'), 'listening'))
afterAll(() => {
  proxy.close()
  redis.close()
})

/** A valid request of each operation. */
const validCalls: Record<string, Call> = {
  getProducts: { query: { category: 'kitchen' } },
  putProduct: { body: aProduct },
  postProduct: { body: aProduct },
  patchProduct: { body: { title: 'x' } },
  patchVariant: { body: { stock: 1 } },
  postReview: { body: { rating: 5, body: 'Good.', author: 'Ann' } },
}

/** The query parameters that docs/openapi.yml describes for an operation. */
const knownParameters = (id: string) =>
  operations.get(id)?.parameters.flatMap(({ value }) => (value.in === 'query' ? [value.name] : [])) ?? []

describe('an unknown query parameter is refused before any database or Redis is asked', () => {
  for (const id of operations.keys()) {
    const withQuery = (query: Record<string, string>, more: Call = {}) => {
      const valid: Call = { path: { id: 'a', sku: 'S', reviewId: 'r' }, ...validCalls[id] }
      return call(id, { ...valid, ...more, query: { ...valid.query, ...query } })
    }

    test(`${id} names it, and the parameters that it takes`, async () => {
      const known = knownParameters(id)
      for (const name of ['brand', 'Limit', 'ids[]', '', '__proto__', 'constructor', 'utm_source']) {
        // A literal __proto__ would set the prototype.
        const refused = await withQuery(Object.fromEntries([[name, 'x']]))
        expect(refused, name).toMatchObject({
          statusCode: 400,
          json: {
            type: 'urn:aisle:problem:unknown-parameter',
            detail: expect.stringContaining(JSON.stringify(name)),
          },
        })
        for (const each of known) expect(refused.json.detail).toContain(each)
        if (known.length === 0) expect(refused.json.detail).toContain('It takes none')
      }
      expect({ database: proxy.operations, connections }).toEqual({ database: [], connections: 0 })
    })

    test(`${id} repeats no more than the beginning of a long name`, async () => {
      const { statusCode, body = '' } = await withQuery({ ['x'.repeat(50_000)]: '1' })
      expect(statusCode).toBe(400)
      expect(body.length).toBeLessThan(500)
    })

    if (operations.get(id)?.operation.security.some(({ token }) => token))
      test(`${id} checks the token first`, async () => {
        expect(await withQuery({ brand: 'x' }, { authorizer: null })).toMatchObject({ statusCode: 401 })
        const other = { subject: 'test', scope: 'other' }
        expect(await withQuery({ brand: 'x' }, { authorizer: other })).toMatchObject({ statusCode: 403 })
      })
  }

  test('a parameter of a category list is refused together with ids', async () => {
    for (const name of ['limit', 'cursor'])
      expect(await call('getProducts', { query: { ids: 'a', [name]: '1' } })).toMatchObject({
        statusCode: 400,
        json: { type: 'urn:aisle:problem:unknown-parameter', detail: expect.stringContaining(`"${name}"`) },
      })
    expect({ database: proxy.operations, connections }).toEqual({ database: [], connections: 0 })
  })
})

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
describe('a parameter that was sent twice, whose values API Gateway joins by a comma', () => {
  test('is a longer list of ids, and is invalid elsewhere', async () => {
    const ids = await call('getProducts', { query: { ids: 'a,b' } })
    expect(ids).toMatchObject({ statusCode: 200, json: { missing: ['a', 'b'] } })
    for (const [query, type] of [
      [{ category: 'kitchen,kitchen' }, 'invalid-category'],
      [{ category: 'kitchen', limit: '1,1' }, 'invalid-limit'],
    ] as const)
      expect(await call('getProducts', { query })).toMatchObject({
        statusCode: 400,
        json: { type: `urn:aisle:problem:${type}` },
      })
  })
})

test('the pages and files of the shop ignore parameters that they do not know', async () => {
  for (const route of ['GET /', 'GET /p/{id}', 'GET /c/{category+}', 'GET /pictures/{name}', 'GET *']) {
    const path = { id: 'none', category: 'none', name: 'none.svg' }
    const plain = await call('storefront', { route, path })
    const tracked = await call('storefront', { route, path, query: { utm_source: 'mail', gclid: 'x' } })
    expect([tracked.statusCode, tracked.body]).toEqual([plain.statusCode, plain.body])
    expect(tracked.statusCode).not.toBe(400)
  }
})
