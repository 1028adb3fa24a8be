import { setTimeout as sleep } from 'node:timers/promises'
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, test } from 'vitest'
import { parseProductWithId } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { categoriesKey } from '../../lib/catalog/table/keys.ts'
import { handle } from '../../lib/http/handler.ts'
import { concurrentWrite } from '../support/concurrentWrite.ts'
import { Contract } from '../support/contract.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { foreignRows, smallestRow } from '../support/foreignRows.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { operations } from '../support/openapi.ts'
import { freshRedis } from '../support/redis.ts'
import { customer } from '../support/reviewers.ts'

const { call, db, table, redisPort } = await freshHandlers()
// All handlers in this file reach DynamoDB through this proxy.
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())
const contract = new Contract()

/** Calls a handler. Checks the response against the document, and the request as well if it was successful. */
async function check(id: string, status: number, request: Call = {}) {
  const response = await call(id, request)
  expect(response.statusCode, `${id}: ${response.body}`).toBe(status)
  contract.checkAnswer(id, response)
  if (status < 400) contract.checkRequest(id, request)
  return response
}

const price = aProduct.price
const pot = {
  ...aProduct,
  brand: 'Kestrel & Rye',
  compareAtPrice: { amount: 3900, currency: 'EUR' },
  variants: [
    { sku: 'three cups', options: { cups: '3' }, price, stock: 12 },
    { sku: 'M/6', price, stock: 0 },
  ],
  images: [{ url: 'https://images.example/pot.jpg' }],
  tags: ['stove'],
  attributes: { induction: true, weight: 0.61, colour: 'red' },
}
const review = { rating: 5, title: 'Good', body: 'Good.\nVery.', author: 'Ann' }
const path = { id: 'pot' }

describe('docs/openapi.yml describes each successful request and response', () => {
  test('when products are written and read', async () => {
    await freshRedis({ port: redisPort })
    const created = await check('postProduct', 201, { body: { ...pot, id: 'pot' } })
    await check('postProduct', 201, { body: pot, headers: { 'Idempotency-Key': 'first' } })
    const read = await check('getProduct', 200, { path })
    await check('getProduct', 304, { path, headers: { 'If-None-Match': read.headers.etag ?? '' } })
    await check('putProduct', 201, { path: { id: 'mug' }, body: aProduct, headers: { 'if-none-match': '*' } })
    await check('putProduct', 200, {
      path,
      body: read.json,
      headers: { 'If-Match': created.headers.etag ?? '' },
    })
    const patch = { title: 'Six cups', compareAtPrice: null, attributes: { colour: null, cups: 6 } }
    await check('patchProduct', 200, { path, body: patch })
    await check('patchProduct', 200, {
      path,
      body: patch,
      headers: { 'content-type': 'application/merge-patch+json', 'if-match': '*' },
    })
    const variant = { id: 'pot', sku: 'M/6' }
    await check('patchVariant', 200, { path: variant, body: { stock: { add: 7 } } })
    await check('patchVariant', 200, {
      path: variant,
      body: { stock: 9, price: { amount: 3400, currency: 'EUR' } },
      headers: { 'idempotency-key': 'nine' },
    })
  })

  test('when reviews are posted, and read part by part', async () => {
    await freshRedis({ port: redisPort })
    const { json: root } = await check('postReview', 201, { path, body: review })
    const { json: reply } = await check('postReview', 201, {
      path,
      body: { parentId: root.id, body: 'Why?', author: 'Bo' },
      headers: { 'idempotency-key': 'why' },
    })
    await check('postReview', 201, { path, body: { parentId: reply.id, body: 'So.', author: 'Ann' } })
    for (let n = 0; n < 20; n++) await check('postReview', 201, { path, body: review })
    const own = { path: { id: 'mug' }, body: { rating: 4, body: 'Mine.' }, authorizer: customer('ann') }
    const { json: mine } = await check('postReview', 201, own)
    await check('postReview', 200, own)
    const remove = { path: { id: 'mug', reviewId: mine.id }, authorizer: customer('ann') }
    await check('deleteReview', 403, { ...remove, authorizer: customer('bo') })
    await check('deleteReview', 204, remove)
    const first = await check('getReviews', 200, { path })
    await check('getReviews', 304, { path, headers: { 'if-none-match': first.headers.etag ?? '' } })
    const last = await check('getReviews', 200, { path, query: parseLinkQuery(first.headers.link) })
    expect(last.json.items).toMatchObject([{ id: root.id, replies: [{ id: reply.id, replies: [{}] }] }])
    expect(last.headers.link).toBeUndefined()
  })

  test('when lists, batches, product pages and categories are read from the database and from the cache', async () => {
    await freshRedis({ port: redisPort })
    await storeCounts(['kitchen/coffee', 'kitchen/tea'])
    const lists: [string, Call][] = [
      ['getProducts', { query: { ids: 'pot,none,mug' } }],
      ['getProducts', { query: { category: 'kitchen', limit: '1' } }],
      ['getPage', { path }],
      ['getPage', { path: { id: 'mug' } }],
      ['getCategories', {}],
    ]
    for (const [id, request] of lists) {
      const { headers } = await check(id, 200, request)
      await check(id, 200, request)
      await check(id, 304, { ...request, headers: { 'if-none-match': headers.etag ?? '' } })
    }
    const { headers } = await check('getProducts', 200, { query: { category: 'kitchen', limit: '1' } })
    const next = await check('getProducts', 200, { query: parseLinkQuery(headers.link) })
    expect(next.json.items).toHaveLength(1)
    const { json: page } = await check('getPage', 200, { path })
    expect(page.related).not.toEqual([])
    expect(page.reviews).not.toEqual([])
    expect((await check('getCategories', 200)).json.items).toMatchObject([
      { path: 'kitchen', children: [{}, {}] },
    ])
  })

  test('when products are deleted, and health is read', async () => {
    await freshRedis({ port: redisPort })
    await check('putProduct', 201, { path: { id: 'gone' }, body: pot })
    await check('deleteProduct', 204, { path: { id: 'gone' } })
    await check('getProduct', 404, { path: { id: 'gone' } })
    await check('getHealth', 200)
  })
})

/** A valid body for each operation that has one. */
const bodies: Record<string, object> = {
  postProduct: pot,
  putProduct: pot,
  patchProduct: { title: 'x' },
  patchVariant: { stock: 1 },
  postReview: review,
}
const validCall = (id: string): Call => ({
  path: { id: 'pot', sku: 'M/6', reviewId: 'none' },
  ...(bodies[id] && { body: bodies[id] }),
})
const operationsWith = (status: number) =>
  [...operations].filter(([, { operation }]) => operation.responses[status]).map(([id]) => id)

/** The operations that respond 500 if the stored product cannot be read. */
const failingOnUnreadable = [
  'getProduct',
  'getPage',
  'getReviews',
  'patchProduct',
  'patchVariant',
  'postReview',
]

describe('docs/openapi.yml describes each problem', () => {
  test('for a token that is missing or has too few scopes', async () => {
    for (const id of operationsWith(401)) {
      await check(id, 401, { ...validCall(id), authorizer: { refusal: 'Send a token' } })
      const [scope] = operations.get(id)?.operation.security.flatMap(({ token = [] }) => token) ?? []
      const { headers } = await check(id, 403, { ...validCall(id), authorizer: { scope: 'other' } })
      expect(headers['www-authenticate']).toContain(`scope="${scope}"`)
      const { statusCode } = await call(id, {
        ...validCall(id),
        path: { id: '-' },
        authorizer: { ...customer('ann'), scope },
      })
      expect(statusCode).not.toBe(403)
    }
    await check('postReview', 403, { ...validCall('postReview'), authorizer: { scope: 'reviews:write' } })
  })

  test('for a token that cannot be checked', async () => {
    for (const id of operationsWith(401))
      await check(id, 503, { ...validCall(id), authorizer: { unavailable: 'Try again' } })
  })

  test('for a malformed or invalid request', async () => {
    for (const id of operationsWith(400)) await check(id, 400, { ...validCall(id), query: { colour: 'red' } })
    for (const id of operationsWith(400).filter((id) => operations.get(id)?.path.includes('{id}')))
      await check(id, 400, { ...validCall(id), path: { id: 'e\u0301', sku: 'M/6' } })
    for (const id of operationsWith(415)) {
      await check(id, 400, { ...validCall(id), body: '{' })
      await check(id, 413, { ...validCall(id), body: `"${'x'.repeat(320 * 1024)}"` })
      await check(id, 415, { ...validCall(id), headers: { 'content-type': 'text/plain' } })
      const gzip = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
      await check(id, 415, { ...validCall(id), headers: gzip })
      await check(id, 422, { ...validCall(id), body: { colour: 'red' } })
      const fields = Array.from({ length: 30 }, (_, n) => [`colour${'~/😀'.repeat(n * 5)}${n}`, 'red'])
      await check(id, 422, { ...validCall(id), body: Object.fromEntries(fields) })
    }
    await check('putProduct', 400, { ...validCall('putProduct'), headers: { 'if-none-match': '"p-1"' } })
    await check('postProduct', 400, { ...validCall('postProduct'), headers: { 'idempotency-key': 'é' } })
    await check('getReviews', 400, { path, query: { cursor: 'forged' } })
    await storeCounts(Array.from({ length: 100 }, (_, n) => `broad/n${n}`))
    const queries = [
      {},
      { ids: '-' },
      { ids: 'a,'.repeat(100) },
      { category: 'No Slug' },
      { category: 'kitchen', limit: '101' },
      { category: 'kitchen', cursor: 'eA.AAAAAAAAAAAAAAAAAAAAAA' },
      { category: 'broad' },
    ]
    for (const query of queries) await check('getProducts', 400, { query })
  })

  test('for a product that does not exist or fails a precondition', async () => {
    for (const id of operationsWith(404).filter((id) => id !== 'postProduct'))
      await check(id, 404, { ...validCall(id), path: { id: 'nothing', sku: 'M/6', reviewId: 'none' } })
    await check('patchVariant', 404, { ...validCall('patchVariant'), path: { id: 'pot', sku: 'none' } })
    await check('deleteReview', 404, validCall('deleteReview'))
    const lost = { body: { ...pot, id: 'short-lived' }, headers: { 'idempotency-key': 'short-lived' } }
    const plan = proxy.injectFault('TransactWriteItems', 'lost', { times: Number.POSITIVE_INFINITY })
    await check('postProduct', 503, lost)
    plan.end()
    await check('deleteProduct', 204, { path: { id: 'short-lived' } })
    await check('postProduct', 404, lost)
    for (const id of operationsWith(412)) {
      const { json } = await check(id, 412, { ...validCall(id), headers: { 'if-match': '"p-1"' } })
      expect(json.currentVersion).toBeGreaterThan(1)
    }
    await check('putProduct', 412, { ...validCall('putProduct'), headers: { 'if-none-match': '*' } })
  })

  test('for a write that the stored state does not allow', async () => {
    await check('postProduct', 409, { body: { ...pot, id: 'pot' } })
    await check('patchVariant', 409, { ...validCall('patchVariant'), body: { stock: { add: -1000 } } })
    const once = { ...validCall('postReview'), headers: { 'idempotency-key': 'once' } }
    const responses = await Promise.all([1, 2].map(() => call('postReview', once)))
    for (const response of responses) contract.checkAnswer('postReview', response)
    expect(responses.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
    await check('postReview', 422, { ...once, body: { ...review, rating: 1 } })
    const { json: own } = await check('postReview', 201, { path, body: { rating: 4, body: 'Mine.' } })
    const rivals = { error: 'TransactionCanceledException', reasons: ['None', 'ConditionalCheckFailed'] }
    const fault = proxy.injectFault('TransactWriteItems', rivals, { times: Number.POSITIVE_INFINITY })
    await check('deleteReview', 409, { path: { id: 'pot', reviewId: own.id } })
    fault.end()
    await putProduct({ db, table }, 'fought-over', parseProductWithId('fought-over', pot))
    const rival = concurrentWrite(db, table, 'fought-over')
    proxy.injectFault('PutItem', rival, { about: '"PRODUCT#fought-over"', times: Number.POSITIVE_INFINITY })
    for (const id of ['putProduct', 'patchProduct', 'deleteProduct'])
      await check(id, 409, { ...validCall(id), path: { id: 'fought-over' } })
  })

  test('for a response that would be too large', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 125 }, (_, n) => [`a${n}`, 'x'.repeat(2000)]))
    const ids = Array.from({ length: 22 }, (_, n) => `large${n}`)
    for (const id of ids) await check('putProduct', 201, { path: { id }, body: { ...aProduct, attributes } })
    await check('getProducts', 413, { query: { ids: ids.join() } })
  })

  test('for a stored product that cannot be read', async () => {
    await foreignRows(table).put(smallestRow('broken'), { tags: { SS: ['a'] } })
    for (const id of failingOnUnreadable)
      await check(id, 500, { ...validCall(id), path: { id: 'broken', sku: 'M/6' } })
    const { json } = await check('getProducts', 200, { query: { ids: 'broken' } })
    expect(json).toEqual({ items: [], missing: [], unreadable: ['broken'] })
  })

  test('for a product that too many writers change', async () => {
    const busy = { error: 'TransactionConflictException' }
    const fault = proxy.injectFault('PutItem', busy, { times: Number.POSITIVE_INFINITY })
    await check('putProduct', 503, validCall('putProduct'))
    fault.end()
  })

  test('for a function without time left, and a database that is down', async () => {
    const endless = handle({ route: 'GET /products/{id}' }, () => new Promise(() => {}))
    const late = await endless({}, { getRemainingTimeInMillis: () => 0 })
    expect(late.statusCode).toBe(503)
    contract.checkAnswer('getProduct', late)
    proxy.close()
    // The health probes remember their last result for a second.
    await sleep(1000)
    for (const id of operationsWith(503))
      await check(id, 503, { ...validCall(id), ...(id === 'getProducts' && { query: { ids: 'pot' } }) })
  })
})

test('the tests above saw each status of each operation, and each problem type of the document', () => {
  expect(contract.unseen).toEqual([
    // No known request causes any other 500.
    ...operationsWith(500)
      .filter((id) => !failingOnUnreadable.includes(id))
      .map((id) => `${id} 500`),
    // No operation answers these: test/storefront/anyPath.test.ts.
    'urn:aisle:problem:no-such-route',
    'urn:aisle:problem:method-not-allowed',
    'urn:aisle:problem:internal-error',
  ])
})

/** Returns the query of a `Link`. */
function parseLinkQuery(link = ''): Record<string, string> {
  return Object.fromEntries(new URL(/<(.*)>/.exec(link)?.[1] ?? '', 'http://x').searchParams)
}

/** Stores what the stream would count: one product in each of these categories. */
async function storeCounts(categories: string[]): Promise<void> {
  for (let from = 0; from < categories.length; from += 25) {
    const chunk = categories.slice(from, from + 25)
    const requests = chunk.map((path) => ({ PutRequest: { Item: { ...categoriesKey(path), products: 1 } } }))
    await db.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }))
  }
}
