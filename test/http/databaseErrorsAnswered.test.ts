import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { startDynamodbProxy, type Trouble } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'

const { call, db, table } = await freshHandlers()
const answers = process.env.IDEMPOTENCY_TABLE ?? ''
// All handlers of this file come to DynamoDB this way, and their Redis is away, so that they ask it each time.
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

/** What is to be answered when DynamoDB says so all the time: come back later, or that something is wrong here. */
const later = [
  ...['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException'],
  ...['InternalServerError', 'ServiceUnavailable'],
]
const wrong = [
  ...['AccessDeniedException', 'UnrecognizedClientException', 'ExpiredTokenException'],
  ...['InvalidSignatureException', 'IncompleteSignatureException', 'MissingAuthenticationTokenException'],
  ...['ResourceNotFoundException', 'ValidationException', 'SerializationException'],
]
const ofWrites = ['ItemCollectionSizeLimitExceededException']

const statusOf = (error: string) =>
  error === 'InternalServerError' ? 500 : error === 'ServiceUnavailable' ? 503 : 400
const troubles = (errors: string[]): [string, Trouble][] =>
  errors.map((error) => [error, { error, status: statusOf(error) }])

const lasting: [string, Trouble, number][] = [
  ...troubles(later).map(([what, trouble]): [string, Trouble, number] => [what, trouble, 503]),
  ...troubles(wrong).map(([what, trouble]): [string, Trouble, number] => [what, trouble, 500]),
  ['a page instead of an error', { status: 502, body: '<html>Bad Gateway</html>' }, 503],
  ['broken connections', 'reset', 503],
  ['answers that are cut', 'cut', 503],
  ['silence', 'silent', 503],
]

/** From now on, and until the test ends. */
function meet(...trouble: Parameters<typeof proxy.trouble>) {
  const plan = proxy.trouble(...trouble)
  onTestFinished(plan.end)
  return plan
}

const always = { times: Number.POSITIVE_INFINITY }
const context = () => {
  const end = performance.now() + 6_000
  return { getRemainingTimeInMillis: () => end - performance.now() }
}

/** Asks a handler, in the time that its function has. */
async function ask(handler: string, request: Call) {
  const start = performance.now()
  const answer = await call(handler, { ...request, context: context() })
  expect(performance.now() - start).toBeLessThan(6_000)
  return answer
}

function expectProblem(
  answer: Awaited<ReturnType<typeof call>>,
  status: number,
  type = status === 503 ? 'database-unavailable' : 'internal-error',
) {
  expect(answer).toMatchObject({
    statusCode: status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    json: { type: `urn:aisle:problem:${type}`, status },
  })
  if (status === 503) expect(answer.headers['retry-after']).toBe('1')
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
    test.each(lasting)(`whose ${operation} meets %s`, async (_, trouble, status) => {
      meet(operation, trouble, always)
      expectProblem(await ask(handler, request), status)
    })
  }

  if (operations.includes('BatchGetItem')) {
    test('whose keys are not processed', async () => {
      const nothing = async (body: string) => {
        const UnprocessedKeys = JSON.parse(body).RequestItems
        return { status: 200, body: JSON.stringify({ Responses: { [table]: [] }, UnprocessedKeys }) }
      }
      meet('BatchGetItem', nothing, always)
      expectProblem(await ask(handler, request), 503)
    })
  }

  // At last, and after what was read last is forgotten: it is kept for a second where Redis is away.
  test('is answered', async () => {
    await sleep(1_100)
    const before = proxy.operations.length
    expect((await ask(handler, request)).statusCode).toBe(200)
    expect([...new Set(proxy.operations.slice(before))].sort()).toEqual([...operations].sort())
  })
})

describe('a write that reads first', () => {
  const write: Call = { path: { id: 'a' }, body: { title: 'x' } }
  test.each(lasting)('and meets %s', async (_, trouble, status) => {
    meet('GetItem', trouble, always)
    expectProblem(await ask('patchProduct', write), status)
  })

  test.each(troubles(ofWrites))('and then meets %s', async (_, trouble) => {
    meet('PutItem', trouble, always)
    expectProblem(await ask('patchProduct', write), 500)
  })
})

describe('a write with a key', () => {
  const about = { about: `"${answers}"` }
  const request = (id: string): Call => ({
    body: { ...aProduct, id },
    headers: { 'idempotency-key': randomUUID() },
  })
  const busy = [
    ...troubles(['TransactionConflictException', 'ReplicatedWriteConflictException']),
    ...[['a broken connection', 'reset'] as [string, Trouble]],
    ...[['a lost answer', 'lost'] as [string, Trouble]],
  ]

  test.each(busy)('that meets %s when it takes its key is done', async (_, trouble) => {
    const id = randomUUID()
    const plan = meet('PutItem', trouble, about)
    const asked = request(id)
    const done = await ask('postProduct', asked)
    expect(done.statusCode).toBe(201)
    expect(plan.left()).toBe(0)
    expect((await ask('postProduct', asked)).body).toBe(done.body)
  })

  test.each(lasting)('that meets %s when it takes its key is not done', async (_, trouble, status) => {
    const id = randomUUID()
    meet('PutItem', trouble, { ...about, ...always })
    const asked = request(id)
    expectProblem(await ask('postProduct', asked), status)
    expect((await call('getProduct', { path: { id } })).statusCode).toBe(404)
  })

  test.each(lasting)('that meets %s when it notes its answer is done', async (_, trouble) => {
    meet('UpdateItem', trouble, { ...about, ...always })
    expect((await ask('postProduct', request(randomUUID()))).statusCode).toBe(201)
  })

  test.each(lasting)('that is refused, and meets %s when it gives its key back', async (_, trouble) => {
    meet('DeleteItem', trouble, { ...about, ...always })
    expect((await ask('postProduct', request('a'))).statusCode).toBe(409)
  })
})
