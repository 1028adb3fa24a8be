import { setTimeout as sleep } from 'node:timers/promises'
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, test } from 'vitest'
import { parseProductWithId } from '../../lib/catalog/product/product.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { categoriesKey } from '../../lib/catalog/table/items.ts'
import { handle } from '../../lib/http/handler.ts'
import { Contract } from '../support/contract.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { operations } from '../support/openapi.ts'
import { freshRedis } from '../support/redis.ts'
import { rivalOf } from '../support/rival.ts'

const { call, db, table, redisPort } = await freshHandlers()
// All handlers of this file come to DynamoDB this way.
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())
const contract = new Contract()

/** Asks a handler, and compares with the document: the answer, and a request that was no mistake. */
async function ask(id: string, status: number, request: Call = {}) {
  const answer = await call(id, request)
  expect(answer.statusCode, `${id}: ${answer.body}`).toBe(status)
  contract.checkAnswer(id, answer)
  if (status < 400) contract.checkRequest(id, request)
  return answer
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

describe('the life of a catalogue is as docs/openapi.yml describes it', () => {
  test('products are written and read', async () => {
    await freshRedis({ port: redisPort })
    const created = await ask('postProduct', 201, { body: { ...pot, id: 'pot' } })
    await ask('postProduct', 201, { body: pot, headers: { 'Idempotency-Key': 'first' } })
    const read = await ask('getProduct', 200, { path })
    await ask('getProduct', 304, { path, headers: { 'If-None-Match': read.headers.etag ?? '' } })
    await ask('putProduct', 201, { path: { id: 'mug' }, body: aProduct, headers: { 'if-none-match': '*' } })
    await ask('putProduct', 200, {
      path,
      body: read.json,
      headers: { 'If-Match': created.headers.etag ?? '' },
    })
    const patch = { title: 'Six cups', compareAtPrice: null, attributes: { colour: null, cups: 6 } }
    await ask('patchProduct', 200, { path, body: patch })
    await ask('patchProduct', 200, {
      path,
      body: patch,
      headers: { 'content-type': 'application/merge-patch+json', 'if-match': '*' },
    })
    const variant = { id: 'pot', sku: 'M/6' }
    await ask('patchVariant', 200, { path: variant, body: { stock: { add: 7 } } })
    await ask('patchVariant', 200, {
      path: variant,
      body: { stock: 9, price: { amount: 3400, currency: 'EUR' } },
      headers: { 'idempotency-key': 'nine' },
    })
  })

  test('reviews are posted and read, page by page', async () => {
    await freshRedis({ port: redisPort })
    const { json: root } = await ask('postReview', 201, { path, body: review })
    const { json: reply } = await ask('postReview', 201, {
      path,
      body: { parentId: root.id, body: 'Why?', author: 'Bo' },
      headers: { 'idempotency-key': 'why' },
    })
    await ask('postReview', 201, { path, body: { parentId: reply.id, body: 'So.', author: 'Ann' } })
    for (let n = 0; n < 20; n++) await ask('postReview', 201, { path, body: review })
    const first = await ask('getReviews', 200, { path })
    await ask('getReviews', 304, { path, headers: { 'if-none-match': first.headers.etag ?? '' } })
    const last = await ask('getReviews', 200, { path, query: queryOf(first.headers.link) })
    expect(last.json.items).toMatchObject([{ id: root.id, replies: [{ id: reply.id, replies: [{}] }] }])
    expect(last.headers.link).toBeUndefined()
  })

  test('lists, batches, pages and categories are read, from the database and from the cache', async () => {
    await freshRedis({ port: redisPort })
    await count(['kitchen/coffee', 'kitchen/tea'])
    const lists: [string, Call][] = [
      ['getProducts', { query: { ids: 'pot,none,mug' } }],
      ['getProducts', { query: { category: 'kitchen', limit: '1' } }],
      ['getPage', { path }],
      ['getPage', { path: { id: 'mug' } }],
      ['getCategories', {}],
    ]
    for (const [id, request] of lists) {
      const { headers } = await ask(id, 200, request)
      await ask(id, 200, request)
      await ask(id, 304, { ...request, headers: { 'if-none-match': headers.etag ?? '' } })
    }
    const { headers } = await ask('getProducts', 200, { query: { category: 'kitchen', limit: '1' } })
    const next = await ask('getProducts', 200, { query: queryOf(headers.link) })
    expect(next.json.items).toHaveLength(1)
    const { json: page } = await ask('getPage', 200, { path })
    expect(page.related).not.toEqual([])
    expect(page.reviews).not.toEqual([])
    expect((await ask('getCategories', 200)).json.items).toMatchObject([
      { path: 'kitchen', children: [{}, {}] },
    ])
  })

  test('products are deleted, and there is health', async () => {
    await freshRedis({ port: redisPort })
    await ask('putProduct', 201, { path: { id: 'gone' }, body: pot })
    await ask('deleteProduct', 204, { path: { id: 'gone' } })
    await ask('getProduct', 404, { path: { id: 'gone' } })
    await ask('getHealth', 200)
  })
})

/** A body that each operation would take. */
const bodies: Record<string, object> = {
  postProduct: pot,
  putProduct: pot,
  patchProduct: { title: 'x' },
  patchVariant: { stock: 1 },
  postReview: review,
}
const valid = (id: string): Call => ({
  path: { id: 'pot', sku: 'M/6' },
  ...(bodies[id] && { body: bodies[id] }),
})
const having = (status: number) =>
  [...operations].filter(([, { operation }]) => operation.responses[status]).map(([id]) => id)

describe('each kind of problem is as docs/openapi.yml describes it', () => {
  test('a token that is missing or allows too little', async () => {
    for (const id of having(401)) {
      await ask(id, 401, { ...valid(id), authorizer: { refusal: 'Send a token' } })
      const [scope] = operations.get(id)?.operation.security.flatMap(({ token = [] }) => token) ?? []
      const { headers } = await ask(id, 403, { ...valid(id), authorizer: { scope: 'other' } })
      expect(headers['www-authenticate']).toContain(`scope="${scope}"`)
      const { statusCode } = await call(id, { ...valid(id), path: { id: '-' }, authorizer: { scope } })
      expect(statusCode).not.toBe(403)
    }
  })

  test('a request that cannot be understood', async () => {
    for (const id of having(400).filter((id) => id !== 'getProducts' && id !== 'postProduct'))
      await ask(id, 400, { ...valid(id), path: { id: 'e\u0301', sku: 'M/6' } })
    for (const id of having(415)) {
      await ask(id, 400, { ...valid(id), body: '{' })
      await ask(id, 413, { ...valid(id), body: `"${'x'.repeat(320 * 1024)}"` })
      await ask(id, 415, { ...valid(id), headers: { 'content-type': 'text/plain' } })
      await ask(id, 422, { ...valid(id), body: { colour: 'red' } })
    }
    await ask('putProduct', 400, { ...valid('putProduct'), headers: { 'if-none-match': '"p-1"' } })
    await ask('postProduct', 400, { ...valid('postProduct'), headers: { 'idempotency-key': 'é' } })
    await ask('getReviews', 400, { path, query: { cursor: 'forged' } })
    await count(Array.from({ length: 100 }, (_, n) => `broad/n${n}`))
    const queries = [
      {},
      { ids: '-' },
      { ids: 'a,'.repeat(100) },
      { category: 'No Slug' },
      { category: 'kitchen', limit: '101' },
      { category: 'kitchen', cursor: 'eA.AAAAAAAAAAAAAAAAAAAAAA' },
      { category: 'broad' },
    ]
    for (const query of queries) await ask('getProducts', 400, { query })
  })

  test('a product that is not there, or not as demanded', async () => {
    for (const id of having(404)) await ask(id, 404, { ...valid(id), path: { id: 'nothing', sku: 'M/6' } })
    await ask('patchVariant', 404, { ...valid('patchVariant'), path: { id: 'pot', sku: 'none' } })
    for (const id of having(412)) {
      const { json } = await ask(id, 412, { ...valid(id), headers: { 'if-match': '"p-1"' } })
      expect(json.currentVersion).toBeGreaterThan(1)
    }
    await ask('putProduct', 412, { ...valid('putProduct'), headers: { 'if-none-match': '*' } })
  })

  test('a catalog whose state does not allow it', async () => {
    await ask('postProduct', 409, { body: { ...pot, id: 'pot' } })
    await ask('patchVariant', 409, { ...valid('patchVariant'), body: { stock: { add: -1000 } } })
    const once = { ...valid('postReview'), headers: { 'idempotency-key': 'once' } }
    const answers = await Promise.all([1, 2].map(() => call('postReview', once)))
    for (const answer of answers) contract.checkAnswer('postReview', answer)
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
    await ask('postReview', 422, { ...once, body: { ...review, rating: 1 } })
    await putProduct({ db, table }, 'fought-over', parseProductWithId('fought-over', pot))
    const rival = rivalOf(db, table, 'fought-over')
    proxy.trouble('PutItem', rival, { about: '"PRODUCT#fought-over"', times: Number.POSITIVE_INFINITY })
    for (const id of ['putProduct', 'patchProduct', 'deleteProduct'])
      await ask(id, 409, { ...valid(id), path: { id: 'fought-over' } })
  })

  test('an answer that would be too large', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 125 }, (_, n) => [`a${n}`, 'x'.repeat(2000)]))
    const ids = Array.from({ length: 22 }, (_, n) => `large${n}`)
    for (const id of ids) await ask('putProduct', 201, { path: { id }, body: { ...aProduct, attributes } })
    await ask('getProducts', 413, { query: { ids: ids.join() } })
  })

  test('a product that too many write', async () => {
    const busy = { error: 'TransactionConflictException' }
    const trouble = proxy.trouble('PutItem', busy, { times: Number.POSITIVE_INFINITY })
    await ask('putProduct', 503, valid('putProduct'))
    trouble.end()
  })

  test('a function without time, and a database that is away', async () => {
    const endless = handle('GET /products/{id}', () => new Promise(() => {}))
    const late = await endless({}, { getRemainingTimeInMillis: () => 0 })
    expect(late.statusCode).toBe(503)
    contract.checkAnswer('getProduct', late)
    proxy.close()
    // What the probes have last heard stands for a second.
    await sleep(1000)
    for (const id of having(503))
      await ask(id, 503, { ...valid(id), ...(id === 'getProducts' && { query: { ids: 'pot' } }) })
  })
})

test('each operation was seen with each status and each problem type that the document has', () => {
  expect(contract.unseen).toEqual([
    // No request is known that makes one.
    ...having(500).map((id) => `${id} 500`),
    'urn:aisle:problem:internal-error',
  ])
})

/** The query of a `Link`. */
function queryOf(link = ''): Record<string, string> {
  return Object.fromEntries(new URL(/<(.*)>/.exec(link)?.[1] ?? '', 'http://x').searchParams)
}

/** What the stream would count: one product in each of these categories. */
async function count(categories: string[]): Promise<void> {
  for (let from = 0; from < categories.length; from += 25) {
    const some = categories.slice(from, from + 25)
    const requests = some.map((one) => ({ PutRequest: { Item: { ...categoriesKey(one), products: 1 } } }))
    await db.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }))
  }
}
