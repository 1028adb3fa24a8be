import { randomUUID } from 'node:crypto'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { postReview } from '../../lib/catalog/reviews/postReview.ts'
import { toTombstone } from '../../lib/catalog/table/items.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { type DatabaseFault, startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { operations } from '../support/openapi.ts'
import { productItems } from '../support/productItems.ts'
import { customer } from '../support/reviewers.ts'

const { call, db, table } = await freshHandlers()
// All handlers of this file reach DynamoDB through this proxy.
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())

const shirt = { ...aProduct, variants: [{ sku: 'S', price: aProduct.price, stock: 10 }] }
const review = { rating: 4, body: 'Good', author: 'Ann' }
const ann = customer('ann')

/** Bring a product into a state. */
const states = {
  'no product': async () => {},
  'a product': async (id: string, reviews = 0) => {
    const drafts = Array.from({ length: reviews }, (_, n) => ({ ...review, id: `r${n}`, createdAt: at }))
    const { content } = parseProduct(shirt)
    await upsertProduct({ db, table }, { id, content, reviews: parseReviews(id, drafts) })
  },
  'a product with reviews': (id: string) => states['a product'](id, 2),
  "a product with the customer's review": async (id: string) => {
    await states['a product'](id)
    await postReview({ db, table }, id, { ...review, rating: 1, subject: ann.subject })
  },
  'an interrupted deletion': async (id: string) => {
    await states['a product with reviews'](id)
    await db.send(new PutCommand({ TableName: table, Item: toTombstone({ id, version: 1 }, randomUUID()) }))
  },
}
const at = '2024-01-01T00:00:00Z'
const about = (id: string) => `"${productKey(id).pk}"`

interface Write {
  title: string
  handler: string
  request?: (id: string) => Call
  /** The state of the product before the write. */
  before: keyof typeof states
  /** The operation of DynamoDB that fails. */
  failing: 'PutItem' | 'UpdateItem' | 'TransactWriteItems'
  status: number
  /** The items of the product after the write was applied once. */
  after: object[]
  /** The status of the same request if it is sent again. Undefined if it would be applied again. */
  again?: number
  /** The write queries before each retry, so its second attempt finds that the first one was applied. */
  queriesBeforeRetry?: boolean
}

const deleted = { deleted: true, expiresAt: expect.any(Number) }
const sold = { stock: 7, variants: [{ stock: 7 }] }
const reviewed = [{ ratingSum: 4, ratingCount: 1 }, { rating: 4 }]
const withoutOne = [{ ratingSum: 4, ratingCount: 1 }, { removed: expect.any(String) }, { rating: 4 }]
const renamed = [{ title: 'new', ratingCount: 0 }]
const body = { ...shirt, title: 'new' }
const sale = { stock: { add: -3 } }
const key = () => ({ 'idempotency-key': randomUUID() })

const writes: Write[] = [
  {
    ...{ title: 'a creation by PUT', handler: 'putProduct', request: () => ({ body }) },
    ...{ before: 'no product', failing: 'PutItem', status: 201, after: renamed, again: 200 },
  },
  {
    ...{ title: 'a replacement', handler: 'putProduct', request: () => ({ body }) },
    ...{ before: 'a product', failing: 'PutItem', status: 200, after: renamed, again: 200 },
  },
  {
    ...{ title: 'deleting old reviews during a PUT', handler: 'putProduct', request: () => ({ body }) },
    ...{ before: 'an interrupted deletion', failing: 'TransactWriteItems' },
    ...{ status: 201, after: renamed, again: 201, queriesBeforeRetry: true },
  },
  {
    ...{ title: 'a merge patch', handler: 'patchProduct', request: () => ({ body: { title: 'new' } }) },
    ...{ before: 'a product', failing: 'PutItem', status: 200, after: renamed, again: 200 },
  },
  {
    ...{ title: 'a sale', handler: 'patchVariant', request: () => ({ body: sale }) },
    ...{ before: 'a product', failing: 'TransactWriteItems', status: 200, after: [sold] },
  },
  {
    ...{ title: 'a sale with an idempotency key', handler: 'patchVariant' },
    request: () => ({ body: sale, headers: key() }),
    ...{ before: 'a product', failing: 'TransactWriteItems', status: 200, after: [sold], again: 200 },
  },
  {
    ...{ title: 'a deletion', handler: 'deleteProduct', before: 'a product with reviews' },
    ...{ failing: 'PutItem', status: 204, after: [deleted], again: 204 },
  },
  {
    ...{ title: 'deleting the reviews', handler: 'deleteProduct', before: 'a product with reviews' },
    ...{ failing: 'TransactWriteItems', status: 204, after: [deleted], again: 204, queriesBeforeRetry: true },
  },
  {
    ...{ title: 'the last step of a deletion', handler: 'deleteProduct', before: 'a product with reviews' },
    ...{ failing: 'UpdateItem', status: 204, after: [deleted], again: 404 },
  },
  {
    ...{ title: 'a creation by POST', handler: 'postProduct', request: (id) => ({ body: { ...body, id } }) },
    ...{ before: 'no product', failing: 'PutItem', status: 201, after: renamed, again: 409 },
  },
  {
    ...{ title: 'a creation by POST with an idempotency key', handler: 'postProduct' },
    request: (id) => ({ body: { ...body, id }, headers: key() }),
    ...{ before: 'no product', failing: 'TransactWriteItems', status: 201, after: renamed, again: 201 },
  },
  {
    ...{ title: 'a review', handler: 'postReview', request: () => ({ body: review }) },
    ...{ before: 'a product', failing: 'TransactWriteItems', status: 201, after: reviewed },
  },
  {
    ...{ title: 'a review with an idempotency key', handler: 'postReview' },
    request: () => ({ body: review, headers: key() }),
    ...{ before: 'a product', failing: 'TransactWriteItems', status: 201, after: reviewed, again: 201 },
  },
  {
    ...{
      title: 'a replacement of a review',
      handler: 'postReview',
      before: "a product with the customer's review",
    },
    request: () => ({ body: { rating: 4, body: 'Better' }, authorizer: ann }),
    ...{ failing: 'TransactWriteItems', status: 200, after: [...reviewed, {}], again: 200 },
  },
  {
    ...{ title: 'a removal of a review', handler: 'deleteReview', before: 'a product with reviews' },
    ...{ failing: 'TransactWriteItems', status: 204, after: withoutOne, again: 204 },
  },
  {
    ...{ title: 'the last step of a removal', handler: 'deleteReview', before: 'a product with reviews' },
    ...{ failing: 'PutItem', status: 204, after: withoutOne, again: 404 },
  },
]

const singleItemConflicts: [string, DatabaseFault][] = [
  ['a conflict with a transaction', { error: 'TransactionConflictException' }],
  ['a conflict with a write in another region', { error: 'ReplicatedWriteConflictException' }],
]
/** The errors of an operation that conflicts with another writer of the same item. DynamoDB has changed nothing. */
const conflicts: Record<Write['failing'], [string, DatabaseFault][]> = {
  PutItem: singleItemConflicts,
  UpdateItem: singleItemConflicts,
  TransactWriteItems: [
    [
      'a conflict with another transaction',
      { error: 'TransactionCanceledException', reasons: ['TransactionConflict', 'None'] },
    ],
    ['a conflict with its own first attempt', { error: 'TransactionInProgressException' }],
  ],
}

const temporary: [string, DatabaseFault][] = [
  ['throttling', { error: 'ProvisionedThroughputExceededException' }],
  ['a server error', { error: 'InternalServerError', status: 500 }],
  ['an unavailable server', { status: 503, body: '<html>Service Unavailable</html>' }],
  ['a connection that breaks before the write', 'reset'],
  ['a connection that breaks after the write', 'lost'],
  ['a connection that breaks during the response', 'cut'],
  ['a server that does not answer', 'silent'],
]

const permanent: [string, DatabaseFault, number, string][] = [
  ['throttling', { error: 'ThrottlingException' }, 503, 'database-unavailable'],
  ['server errors', { error: 'InternalServerError', status: 500 }, 503, 'database-unavailable'],
  ['broken connections', 'reset', 503, 'database-unavailable'],
  ['a server that does not answer', 'silent', 503, 'database-unavailable'],
  ['missing permissions', { error: 'AccessDeniedException' }, 500, 'internal-error'],
  ['a missing table', { error: 'ResourceNotFoundException' }, 500, 'internal-error'],
  ['an invalid request', { error: 'ValidationException' }, 500, 'internal-error'],
]

let products = 0

/**
 * Creates a product in the state that a write needs. Each call of `send` sends the write and gives the function six
 * seconds.
 */
async function prepare({ handler, request = () => ({}), before }: Write) {
  const id = `p${products++}`
  await states[before](id)
  const made = request(id)
  const send = async () => {
    const start = performance.now()
    const context = { getRemainingTimeInMillis: () => start + 6000 - performance.now() }
    const path = handler === 'postProduct' ? {} : { id, sku: 'S', reviewId: 'r0' }
    const response = await call(handler, { ...made, path, context })
    expect(performance.now() - start).toBeLessThan(6000)
    return response
  }
  return { id, send }
}

test('every operation that writes is tested here', () => {
  const writing = [...operations].filter(([, { method }]) => method !== 'get').map(([id]) => id)
  expect([...new Set(writes.map(({ handler }) => handler))].sort()).toEqual(writing.sort())
})

// These tests run first: the SDK retries less after a client has had many errors.
describe('one fault during', () => {
  describe.concurrent.each(writes)('$title', (write) => {
    const { failing, status, after, queriesBeforeRetry } = write
    const once: [string, DatabaseFault[]][] = [
      ...[...conflicts[failing], ...temporary].map(([what, fault]): [string, DatabaseFault[]] => [
        what,
        [fault],
      ]),
      ...conflicts[failing].map(([what, fault]): [string, DatabaseFault[]] => [
        `a lost response and then ${what}`,
        ['lost', fault, fault],
      ]),
    ]

    test.concurrent.for(once)('succeeds despite %s, and is applied once', async ([, faults], { expect }) => {
      const { id, send } = await prepare(write)
      const plans = faults.map((fault) => proxy.injectFault(failing, fault, { about: about(id) }))
      const response = await send()
      expect(response.statusCode, response.body).toBe(status)
      expect(plans.map((plan) => plan.left())).toEqual(
        faults.map((_, n) => (queriesBeforeRetry && n === 2 ? 1 : 0)),
      )
      expect(await productItems(db, table, id)).toMatchObject(after)
    })
  })
})

describe('a lasting fault during', () => {
  describe.concurrent.each(writes)('$title', (write) => {
    const { failing, status, after, again } = write
    const always: [string, DatabaseFault, number, string][] = [
      ...conflicts[failing].map(([what, fault]): (typeof always)[number] => [
        what,
        fault,
        503,
        'product-busy',
      ]),
      ...permanent,
    ]

    test.concurrent.for(always)(
      'is refused while %s lasts, and is applied once when it is sent again',
      async ([, fault, refused, type], { expect }) => {
        const { id, send } = await prepare(write)
        const plan = proxy.injectFault(failing, fault, { about: about(id), times: Number.POSITIVE_INFINITY })
        const response = await send()
        expect(response).toMatchObject({
          statusCode: refused,
          headers: {
            'content-type': 'application/problem+json',
            ...(refused === 503 && { 'retry-after': '1' }),
          },
          json: { type: `urn:aisle:problem:${type}` },
        })
        plan.end()
        expect((await send()).statusCode).toBe(status)
        expect(await productItems(db, table, id)).toMatchObject(after)
      },
    )

    test.concurrent('is refused while every response is lost, and is not applied twice', async ({
      expect,
    }) => {
      const { id, send } = await prepare(write)
      const plan = proxy.injectFault(failing, 'lost', { about: about(id), times: Number.POSITIVE_INFINITY })
      expect(await send()).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
      plan.end()
      if (again !== undefined) expect((await send()).statusCode).toBe(again)
      expect(await productItems(db, table, id)).toMatchObject(after)
    })
  })
})
