import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { type DatabaseFault, startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'

const { call, db, table } = await freshHandlers()
const idempotencyTable = process.env.IDEMPOTENCY_TABLE ?? ''
// All handlers in this file reach DynamoDB through this proxy. Their Redis is down, so every request queries
// DynamoDB.
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())

beforeAll(async () => {
  for (const [id, category] of Object.entries({
    a: 'kitchen/coffee',
    b: 'kitchen/coffee',
    t: 'kitchen/tea',
  })) {
    const { content } = parseProduct({ ...aProduct, category })
    await upsertProduct({ db, table }, { id, content })
  }
})

/** Errors after which the API responds 503, because a retry may succeed. */
const temporary = [
  ...['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException'],
  ...['InternalServerError', 'ServiceUnavailable'],
]
/** Errors after which the API responds 500. */
const permanent = [
  ...['AccessDeniedException', 'UnrecognizedClientException', 'ExpiredTokenException'],
  ...['InvalidSignatureException', 'IncompleteSignatureException', 'MissingAuthenticationTokenException'],
  ...['ResourceNotFoundException', 'ValidationException', 'SerializationException'],
]
const permanentForWrites = ['ItemCollectionSizeLimitExceededException']

const statusOf = (error: string) =>
  error === 'InternalServerError' ? 500 : error === 'ServiceUnavailable' ? 503 : 400
const faults = (errors: string[]): [string, DatabaseFault][] =>
  errors.map((error) => [error, { error, status: statusOf(error) }])

const lasting: [string, DatabaseFault, number][] = [
  ...faults(temporary).map(([what, fault]): [string, DatabaseFault, number] => [what, fault, 503]),
  ...faults(permanent).map(([what, fault]): [string, DatabaseFault, number] => [what, fault, 500]),
  ['an HTML page instead of an error', { status: 502, body: '<html>Bad Gateway</html>' }, 503],
  ['broken connections', 'reset', 503],
  ['truncated responses', 'cut', 503],
  ['no response', 'silent', 503],
]

/** Injects this fault until the test ends. */
function inject(...fault: Parameters<typeof proxy.injectFault>) {
  const plan = proxy.injectFault(...fault)
  onTestFinished(plan.end)
  return plan
}

const always = { times: Number.POSITIVE_INFINITY }
const context = () => {
  const end = performance.now() + 6_000
  return { getRemainingTimeInMillis: () => end - performance.now() }
}

/** Calls a handler, and checks that it responds before its function times out. */
async function callInTime(handler: string, request: Call) {
  const start = performance.now()
  const response = await call(handler, { ...request, context: context() })
  expect(performance.now() - start).toBeLessThan(6_000)
  return response
}

function expectProblem(
  response: Awaited<ReturnType<typeof call>>,
  status: number,
  type = status === 503 ? 'database-unavailable' : 'internal-error',
) {
  expect(response).toMatchObject({
    statusCode: status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    json: { type: `urn:aisle:problem:${type}`, status },
  })
  if (status === 503) expect(response.headers['retry-after']).toBe('1')
}

const reads: [string, Call, string[]][] = [
  ['getProduct', { path: { id: 'a' } }, ['GetItem']],
  ['getProducts', { query: { ids: 'a,b' } }, ['BatchGetItem']],
  ['getProducts', { query: { category: 'kitchen/tea' } }, ['Query', 'BatchGetItem']],
  ['getPage', { path: { id: 'a' } }, ['GetItem', 'Query', 'BatchGetItem']],
  ['getReviews', { path: { id: 'a' } }, ['GetItem', 'Query']],
  ['getCategories', {}, ['Query']],
]

describe.each(reads)('%s %j', (handler, request, operations) => {
  for (const operation of operations) {
    test.each(lasting)(`fails if ${operation} meets %s`, async (_, fault, status) => {
      inject(operation, fault, always)
      expectProblem(await callInTime(handler, request), status)
    })
  }

  if (operations.includes('BatchGetItem')) {
    test('fails if its keys stay unprocessed', async () => {
      const nothing = async (body: string) => {
        const UnprocessedKeys = JSON.parse(body).RequestItems
        return { status: 200, body: JSON.stringify({ Responses: { [table]: [] }, UnprocessedKeys }) }
      }
      inject('BatchGetItem', nothing, always)
      expectProblem(await callInTime(handler, request), 503)
    })
  }

  // Comes last, and waits until the process has forgotten its last reads: without Redis it remembers them for a
  // second.
  test('succeeds without a fault', async () => {
    await sleep(1_100)
    const before = proxy.operations.length
    expect((await callInTime(handler, request)).statusCode).toBe(200)
    expect([...new Set(proxy.operations.slice(before))].sort()).toEqual([...operations].sort())
  })
})

describe('a write that reads first fails', () => {
  const write: Call = { path: { id: 'a' }, body: { title: 'x' } }
  test.each(lasting)('if its read meets %s', async (_, fault, status) => {
    inject('GetItem', fault, always)
    expectProblem(await callInTime('patchProduct', write), status)
  })

  test.each(faults(permanentForWrites))('if its write meets %s', async (_, fault) => {
    inject('PutItem', fault, always)
    expectProblem(await callInTime('patchProduct', write), 500)
  })
})

describe('a write with an idempotency key', () => {
  const about = { about: `"${idempotencyTable}"` }
  const request = (id: string): Call => ({
    body: { ...aProduct, id },
    headers: { 'idempotency-key': randomUUID() },
  })
  const busy = [
    ...faults(['TransactionConflictException', 'ReplicatedWriteConflictException']),
    ...[['a broken connection', 'reset'] as [string, DatabaseFault]],
    ...[['a lost response', 'lost'] as [string, DatabaseFault]],
  ]

  test.each(busy)('is done if it meets %s while it stores its key', async (_, fault) => {
    const id = randomUUID()
    const plan = inject('PutItem', fault, about)
    const keyed = request(id)
    const done = await callInTime('postProduct', keyed)
    expect(done.statusCode).toBe(201)
    expect(plan.left()).toBe(0)
    expect((await callInTime('postProduct', keyed)).body).toBe(done.body)
  })

  test.each(lasting)('is not done if it meets %s while it stores its key', async (_, fault, status) => {
    const id = randomUUID()
    inject('PutItem', fault, { ...about, ...always })
    const keyed = request(id)
    expectProblem(await callInTime('postProduct', keyed), status)
    expect((await call('getProduct', { path: { id } })).statusCode).toBe(404)
  })

  test.each(lasting)('is done if it meets %s while it stores its response', async (_, fault) => {
    inject('UpdateItem', fault, { ...about, ...always })
    expect((await callInTime('postProduct', request(randomUUID()))).statusCode).toBe(201)
  })

  test.each(lasting)(
    'is refused with its own status if it meets %s while it releases its key',
    async (_, fault) => {
      inject('DeleteItem', fault, { ...about, ...always })
      expect((await callInTime('postProduct', request('a'))).statusCode).toBe(409)
    },
  )
})
