import { randomUUID } from 'node:crypto'
import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { productKey, toTombstone } from '../../lib/catalog/table/items.ts'
import { startDynamodbProxy, type Trouble } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { operations } from '../support/openapi.ts'

const { call, db, table } = await freshHandlers()
// All handlers of this file come to DynamoDB this way.
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())

const shirt = { ...aProduct, variants: [{ sku: 'S', price: aProduct.price, stock: 10 }] }
const review = { rating: 4, body: 'Good', author: 'Ann' }
type Item = Record<string, unknown>

/** What is at a product's key and below it, the product first. */
async function stored(id: string): Promise<Item[]> {
  const { Items = [] } = await db.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': productKey(id).pk },
    }),
  )
  return Items
}

const states = {
  'no product': async () => {},
  'a product': async (id: string, reviews = 0) => {
    const drafts = Array.from({ length: reviews }, (_, n) => ({ ...review, id: `r${n}`, createdAt: at }))
    const { content } = parseProduct(shirt)
    await upsertProduct({ db, table }, { id, content, reviews: parseReviews(id, drafts) })
  },
  'a product with reviews': (id: string) => states['a product'](id, 2),
  'a deletion that was interrupted': async (id: string) => {
    await states['a product with reviews'](id)
    await db.send(new PutCommand({ TableName: table, Item: toTombstone({ id, version: 1 }, randomUUID()) }))
  },
}
const at = '2024-01-01T00:00:00Z'
const about = (id: string) => `"${productKey(id).pk}"`

interface Write {
  what: string
  handler: string
  request?: (id: string) => Call
  before: keyof typeof states
  /** The request to DynamoDB that meets trouble. */
  meets: 'PutItem' | 'UpdateItem' | 'TransactWriteItems'
  status: number
  /** What is stored when it was done, once. */
  after: Item[]
  /** What it is told that is sent again after it was done; undefined where it would be done again. */
  again?: number
  /** It looks what is left before it is tried again, and so finds what it did itself. */
  looks?: boolean
}

const deleted = { deleted: true, expiresAt: expect.any(Number) }
const sold = { stock: 7, variants: [{ stock: 7 }] }
const reviewed = [{ ratingSum: 4, ratingCount: 1 }, { rating: 4 }]
const renamed = [{ title: 'new', ratingCount: 0 }]
const body = { ...shirt, title: 'new' }
const sale = { stock: { add: -3 } }
const key = () => ({ 'idempotency-key': randomUUID() })

const writes: Write[] = [
  {
    ...{ what: 'a creation by PUT', handler: 'putProduct', request: () => ({ body }) },
    ...{ before: 'no product', meets: 'PutItem', status: 201, after: renamed, again: 200 },
  },
  {
    ...{ what: 'a replacement', handler: 'putProduct', request: () => ({ body }) },
    ...{ before: 'a product', meets: 'PutItem', status: 200, after: renamed, again: 200 },
  },
  {
    ...{ what: 'the clearing of reviews by a PUT', handler: 'putProduct', request: () => ({ body }) },
    ...{ before: 'a deletion that was interrupted', meets: 'TransactWriteItems' },
    ...{ status: 201, after: renamed, again: 201, looks: true },
  },
  {
    ...{ what: 'a merge patch', handler: 'patchProduct', request: () => ({ body: { title: 'new' } }) },
    ...{ before: 'a product', meets: 'PutItem', status: 200, after: renamed, again: 200 },
  },
  {
    ...{ what: 'a sale', handler: 'patchVariant', request: () => ({ body: sale }) },
    ...{ before: 'a product', meets: 'TransactWriteItems', status: 200, after: [sold] },
  },
  {
    ...{ what: 'a sale with a key', handler: 'patchVariant' },
    request: () => ({ body: sale, headers: key() }),
    ...{ before: 'a product', meets: 'TransactWriteItems', status: 200, after: [sold, {}], again: 200 },
  },
  {
    ...{ what: 'a deletion', handler: 'deleteProduct', before: 'a product with reviews' },
    ...{ meets: 'PutItem', status: 204, after: [deleted], again: 204 },
  },
  {
    ...{ what: 'the clearing of reviews', handler: 'deleteProduct', before: 'a product with reviews' },
    ...{ meets: 'TransactWriteItems', status: 204, after: [deleted], again: 204, looks: true },
  },
  {
    ...{ what: 'the end of a deletion', handler: 'deleteProduct', before: 'a product with reviews' },
    ...{ meets: 'UpdateItem', status: 204, after: [deleted], again: 404 },
  },
  {
    ...{ what: 'a creation by POST', handler: 'postProduct', request: (id) => ({ body: { ...body, id } }) },
    ...{ before: 'no product', meets: 'PutItem', status: 201, after: renamed, again: 409 },
  },
  {
    ...{ what: 'a creation by POST with a key', handler: 'postProduct' },
    request: (id) => ({ body: { ...body, id }, headers: key() }),
    ...{ before: 'no product', meets: 'PutItem', status: 201, after: renamed, again: 201 },
  },
  {
    ...{ what: 'a review', handler: 'postReview', request: () => ({ body: review }) },
    ...{ before: 'a product', meets: 'TransactWriteItems', status: 201, after: reviewed },
  },
  {
    ...{ what: 'a review with a key', handler: 'postReview' },
    request: () => ({ body: review, headers: key() }),
    ...{ before: 'a product', meets: 'TransactWriteItems', status: 201, after: reviewed, again: 201 },
  },
]

/** What DynamoDB says to who meets somebody else on the same item: nothing was done. */
const met: Record<Write['meets'], [string, Trouble][]> = {
  PutItem: [
    ['a transaction', { error: 'TransactionConflictException' }],
    ['a write in another region', { error: 'ReplicatedWriteConflictException' }],
  ],
  UpdateItem: [
    ['a transaction', { error: 'TransactionConflictException' }],
    ['a write in another region', { error: 'ReplicatedWriteConflictException' }],
  ],
  TransactWriteItems: [
    ['another one', { error: 'TransactionCanceledException', reasons: ['TransactionConflict', 'None'] }],
    ['itself, still running', { error: 'TransactionInProgressException' }],
  ],
}

const passing: [string, Trouble][] = [
  ['a throttle', { error: 'ProvisionedThroughputExceededException' }],
  ['an error of the server', { error: 'InternalServerError', status: 500 }],
  ['a server that is away', { status: 503, body: '<html>Service Unavailable</html>' }],
  ['a connection that breaks before', 'reset'],
  ['a connection that breaks after', 'lost'],
  ['a connection that breaks in the answer', 'cut'],
  ['silence', 'silent'],
]

const lasting: [string, Trouble, number, string][] = [
  ['throttles', { error: 'ThrottlingException' }, 503, 'database-unavailable'],
  ['errors of the server', { error: 'InternalServerError', status: 500 }, 503, 'database-unavailable'],
  ['broken connections', 'reset', 503, 'database-unavailable'],
  ['silence', 'silent', 503, 'database-unavailable'],
  ['a lack of rights', { error: 'AccessDeniedException' }, 500, 'internal-error'],
  ['no such table', { error: 'ResourceNotFoundException' }, 500, 'internal-error'],
  ['its own mistake', { error: 'ValidationException' }, 500, 'internal-error'],
]

let products = 0

/** A write, as often as it is asked for, of a product of its own; the time that the function has is its own each time. */
async function given({ handler, request = () => ({}), before }: Write) {
  const id = `p${products++}`
  await states[before](id)
  const asked = request(id)
  const send = async () => {
    const start = performance.now()
    const context = { getRemainingTimeInMillis: () => start + 6000 - performance.now() }
    const path = handler === 'postProduct' ? {} : { id, sku: 'S' }
    const answer = await call(handler, { ...asked, path, context })
    expect(performance.now() - start).toBeLessThan(6000)
    return answer
  }
  return { id, send }
}

test('all operations that write are here', () => {
  const writing = [...operations].filter(([, { method }]) => method !== 'get').map(([id]) => id)
  expect([...new Set(writes.map(({ handler }) => handler))].sort()).toEqual(writing.sort())
})

// All of these first: the SDK repeats less once a client has met much trouble.
describe.each(writes)('$what', (write) => {
  const { meets, status, after, looks } = write
  const once: [string, Trouble[]][] = [
    ...[...met[meets], ...passing].map(([what, trouble]): [string, Trouble[]] => [what, [trouble]]),
    ...met[meets].map(([what, trouble]): [string, Trouble[]] => [
      `a lost answer, and then ${what},`,
      ['lost', trouble, trouble],
    ]),
  ]

  test.concurrent.for(once)('that meets %s is done, once', async ([, troubles], { expect }) => {
    const { id, send } = await given(write)
    const plans = troubles.map((trouble) => proxy.trouble(meets, trouble, { about: about(id) }))
    const answer = await send()
    expect(answer.statusCode, answer.body).toBe(status)
    expect(plans.map((plan) => plan.left())).toEqual(troubles.map((_, n) => (looks && n === 2 ? 1 : 0)))
    expect(await stored(id)).toMatchObject(after)
  })
})

describe.each(writes)('$what', (write) => {
  const { meets, status, after, again } = write
  const always: [string, Trouble, number, string][] = [
    ...met[meets].map(([what, trouble]): (typeof always)[number] => [what, trouble, 503, 'product-busy']),
    ...lasting,
  ]

  test.concurrent.for(always)(
    'that meets %s all the time is refused, and done once when it is sent again',
    async ([, trouble, refused, type], { expect }) => {
      const { id, send } = await given(write)
      const plan = proxy.trouble(meets, trouble, { about: about(id), times: Number.POSITIVE_INFINITY })
      const answer = await send()
      expect(answer).toMatchObject({
        statusCode: refused,
        headers: {
          'content-type': 'application/problem+json',
          ...(refused === 503 && { 'retry-after': '1' }),
        },
        json: { type: `urn:aisle:problem:${type}` },
      })
      plan.end()
      expect((await send()).statusCode).toBe(status)
      expect(await stored(id)).toMatchObject(after)
    },
  )

  test.concurrent('whose answers are lost all the time is refused, and not done twice', async ({
    expect,
  }) => {
    const { id, send } = await given(write)
    const plan = proxy.trouble(meets, 'lost', { about: about(id), times: Number.POSITIVE_INFINITY })
    expect(await send()).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
    plan.end()
    if (again !== undefined) expect((await send()).statusCode).toBe(again)
    expect(await stored(id)).toMatchObject(after)
  })
})
