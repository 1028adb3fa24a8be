import { parseList, Token } from 'structured-headers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'

const { call, put, db, table, redisPort } = await freshHandlers()
let redis: Server
beforeAll(async () => {
  redis = await startRedis({ binary: findRedisBinary() ?? 'redis-server', port: redisPort })
  await put('a', { body: product })
  await upsertProduct({ db, table }, { id: 'reviewed', content: parseProduct(product).content, reviews })
})
afterAll(() => redis?.stop('SIGKILL'))

const product = {
  ...aProduct,
  variants: [{ sku: 's', options: { Size: 'M' }, price: aProduct.price, stock: 3 }],
}
const reviews = parseReviews('reviewed', [
  { id: 'r', rating: 5, body: 'Good', author: 'Ada', createdAt: '2026-01-01T00:00:00Z' },
])
const mergePatch = { 'content-type': 'application/merge-patch+json' }
const path = { id: 'a' }

const reads: [string, Call][] = [
  ['getProduct', { path }],
  ['getProducts', { query: { ids: 'a' } }],
  ['getProducts', { query: { category: 'kitchen' } }],
  ['getPage', { path }],
  ['getReviews', { path }],
  ['getCategories', {}],
]

const writes: [string, number, Call][] = [
  ['postProduct', 201, { body: { ...product, id: 'b' } }],
  ['putProduct', 201, { path: { id: 'c' }, body: product }],
  ['putProduct', 200, { path: { id: 'c' }, body: { ...product, title: 'x' } }],
  ['patchProduct', 200, { path: { id: 'c' }, body: { title: 'y' }, headers: mergePatch }],
  ['patchVariant', 200, { path: { id: 'c', sku: 's' }, body: { stock: 1 }, headers: mergePatch }],
  ['postReview', 201, { path: { id: 'c' }, body: { rating: 5, body: 'Good', author: 'Ada' } }],
  ['deleteReview', 204, { path: { id: 'reviewed', reviewId: 'r' } }],
  ['deleteProduct', 204, { path: { id: 'c' } }],
]

const refused: [string, number, Call][] = [
  ['getProduct', 400, { path: { id: '..' } }],
  ['getProduct', 404, { path: { id: 'nothing' } }],
  ['getProducts', 400, {}],
  ['getProducts', 400, { query: { category: 'kitchen', cursor: 'forged' } }],
  ['getPage', 404, { path: { id: 'nothing' } }],
  ['getReviews', 404, { path: { id: 'nothing' } }],
  ['postProduct', 401, { body: product, authorizer: null }],
  ['postProduct', 422, { body: { title: 1 } }],
  ['putProduct', 403, { path, body: product, authorizer: { scope: 'reviews:write' } }],
  ['putProduct', 412, { path, body: product, headers: { 'if-match': '"p-1"' } }],
  ['putProduct', 415, { path, body: product, headers: { 'content-type': 'text/plain' } }],
  ['putProduct', 413, { path, body: 'x'.repeat(400_000) }],
  ['patchProduct', 400, { path, body: '{', headers: mergePatch }],
  ['patchVariant', 404, { path: { id: 'a', sku: 'none' }, body: { stock: 1 }, headers: mergePatch }],
  ['deleteProduct', 404, { path: { id: 'nothing' } }],
  ['postReview', 422, { path, body: {} }],
  ['postReview', 403, { path, body: {}, authorizer: { scope: 'reviews:write' } }],
  ['deleteReview', 404, { path: { id: 'a', reviewId: 'none' } }],
]

type HandlerResponse = Awaited<ReturnType<typeof call>>

/** Checks what holds for every response. */
function expectConventions({ statusCode, headers, body = '' }: HandlerResponse) {
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', vary: 'Origin' })
  expect(headers).not.toHaveProperty('age')
  for (const [name, value] of Object.entries(headers)) {
    expect(name).toBe(name.toLowerCase())
    expect(value).toMatch(/^[\x20-\x7e]+$/)
  }
  if (headers['cache-status']) {
    // RFC 9211, 2: a list of the caches on the path. This is the only one.
    const caches = parseList(headers['cache-status'])
    expect(caches).toEqual([[new Token('aisle'), expect.any(Map)]])
    for (const [, parameters] of caches) {
      expect(parameters.has('hit')).not.toBe(parameters.has('fwd'))
      for (const [name, parameter] of parameters) expect(parameter, name).toEqual(members[name])
    }
  }
  const text = body + JSON.stringify(headers)
  expect(text).not.toContain(table)
  expect(text).not.toMatch(/127\.0\.0\.1|\.ts\b|PRODUCT#/)
  if (statusCode === 503) expect(headers['retry-after']).toMatch(/^\d+$/)
}

const reasons = ['bypass', 'method', 'uri-miss', 'vary-miss', 'miss', 'request', 'stale', 'partial']

/** RFC 9211, 2: the parameters that this API uses, and their values. */
const members: Record<string, unknown> = {
  hit: true,
  fwd: expect.toBeOneOf(reasons.map((reason) => new Token(reason))),
  ttl: expect.toSatisfy(Number.isInteger),
  stored: true,
  collapsed: true,
  detail: expect.any(Token),
}

/** Calls a handler, and checks the status and the conventions of its response. */
async function check(name: string, status: number, request: Call): Promise<HandlerResponse> {
  const response = await call(name, request)
  expectConventions(response)
  expect(response.statusCode).toBe(status)
  return response
}

const toLabel = (name: string, { query = {} }: Call) => [name, ...Object.keys(query)].join(' ')

describe('every read', () => {
  for (const [name, request] of reads) {
    test(`${toLabel(name, request)} has ETag, Cache-Control, Cache-Status and Server-Timing`, async () => {
      await call(name, request)
      const hit = await check(name, 200, request)
      expect(hit.headers).toMatchObject({
        'content-type': 'application/json',
        etag: expect.stringMatching(/^"[\x21\x23-\x7e]+"$/),
        'server-timing': expect.stringMatching(/^cache;dur=\d+\.\d$/),
        'cache-status': expect.stringMatching(/^aisle; hit; ttl=\d+$/),
      })
      const directives = (hit.headers['cache-control'] ?? '').split(', ')
      expect(directives).toEqual([
        'public',
        'max-age=0',
        expect.stringMatching(/^s-maxage=\d+$/),
        expect.stringMatching(/^stale-while-revalidate=\d+$/),
        expect.stringMatching(/^stale-if-error=\d+$/),
      ])

      const again = { ...request, headers: { 'if-none-match': hit.headers.etag ?? '' } }
      const unchanged = await check(name, 304, again)
      expect(unchanged.headers.etag).toBe(hit.headers.etag)
      expect(unchanged.body).toBeUndefined()
      // RFC 9110, 15.4.5: a 304 repeats the caching headers of the 200.
      for (const header of ['cache-control', 'vary', 'cache-status'])
        expect(unchanged.headers).toHaveProperty(header)
      const other = await call(name, { ...request, headers: { 'if-none-match': '"other"' } })
      expect(other).toMatchObject({ statusCode: 200, headers: { etag: hit.headers.etag } })
    })
  }

  test.each(reads.map(([name, request]) => [toLabel(name, request), name, request] as const))(
    '%s with a token has the same answer, and no cache may store it',
    async (_label, name, request) => {
      const open = await call(name, request)
      const headers = { Authorization: 'Bearer x' }
      const own = await call(name, { ...request, headers })
      expect(own).toMatchObject({
        statusCode: 200,
        body: open.body,
        headers: { 'cache-control': 'no-store' },
      })
      const tag = { 'if-none-match': open.headers.etag ?? '' }
      const unchanged = await call(name, { ...request, headers: { ...headers, ...tag } })
      expect(unchanged).toMatchObject({ statusCode: 304, headers: { 'cache-control': 'no-store' } })
    },
  )

  test('has another ETag after its content has changed', async () => {
    // A listing follows the table's stream, and the reviews have not changed.
    const ofProduct = reads.filter(
      ([name, { query }]) => name === 'getProduct' || name === 'getPage' || query?.ids !== undefined,
    )
    const tags = () => Promise.all(ofProduct.map(async (read) => (await call(...read)).headers.etag))
    const before = await tags()
    await put('a', { body: { ...product, title: 'Another title' } })
    const after = await tags()
    for (const [index, tag] of after.entries()) expect(tag, ofProduct[index]?.[0]).not.toBe(before[index])
    expect(await tags()).toEqual(after)
  })
})

describe('every write', () => {
  for (const [name, status, request] of writes) {
    test(`${name} ${status} forbids caching, and reports that every cached copy is gone`, async () => {
      const response = await check(name, status, request)
      expect(response.headers).toMatchObject({
        'cache-control': 'no-store',
        'cache-status': 'aisle; fwd=method; detail=invalidation-done',
        'server-timing': expect.stringMatching(/^cache;dur=\d+\.\d, db;dur=\d+\.\d$/),
      })
      if (status === 201) expect(response.headers.location).toMatch(/^\/products\//)
      if (status === 204) expect(response.body).toBeUndefined()
      else expect(response.headers['content-type']).toBe('application/json')
    })
  }
})

describe('every refusal', () => {
  for (const [name, status, request] of refused) {
    test(`${toLabel(name, request)} ${status} is a problem document`, async () => {
      const response = await check(name, status, request)
      expect(response.headers).toMatchObject({
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
      })
      expect(response.json).toMatchObject({
        type: expect.stringMatching(/^urn:aisle:problem:[a-z-]+$/),
        title: expect.stringMatching(/^[A-Z]/),
        status,
        detail: expect.stringMatching(/\S/),
      })
      expect(response.json.title).not.toBe('Error')
    })
  }
})
