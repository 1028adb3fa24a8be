import { afterAll, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { startDynamodbProxy, type Trouble } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, get, db, table, redisPort } = await freshHandlers()
// All handlers of this file come to DynamoDB this way.
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())

const shirt = { ...aProduct, variants: [{ sku: 'S', price: aProduct.price, stock: 1 }] }
const review = { rating: 4, body: 'Good', author: 'Ann' }
const always = { times: Number.POSITIVE_INFINITY }
const context = () => {
  const end = performance.now() + 6_000
  return { getRemainingTimeInMillis: () => end - performance.now() }
}

/** A product of its own, and its entry. */
async function cached(id: string) {
  await freshRedis({ port: redisPort })
  const { content } = parseProduct(shirt)
  await upsertProduct({ db, table }, { id, content })
  await expect.poll(() => status(id)).toContain('aisle; hit')
}
const status = async (id: string) => (await get(id)).headers['cache-status'] ?? ''

const refusals: [string, number, string, Call][] = [
  ['a PUT with another version', 412, 'putProduct', { body: shirt, headers: { 'if-match': '"p-1"' } }],
  ['a PUT that is to create', 412, 'putProduct', { body: shirt, headers: { 'if-none-match': '*' } }],
  ['a PATCH that makes no product', 422, 'patchProduct', { body: { title: '' } }],
  [
    'a PATCH with another version',
    412,
    'patchProduct',
    { body: { title: 'x' }, headers: { 'if-match': '"p-1"' } },
  ],
  ['a DELETE with another version', 412, 'deleteProduct', { headers: { 'if-match': '"p-1"' } }],
  ['taking more than is there', 409, 'patchVariant', { path: { sku: 'S' }, body: { stock: { add: -2 } } }],
  ['a variant that is not there', 404, 'patchVariant', { path: { sku: 'none' }, body: { stock: 2 } }],
]

for (const [n, [what, statusCode, handler, request]] of refusals.entries()) {
  test(`${what} is refused, and the entry stays`, async () => {
    const id = `refused-${n}`
    await cached(id)
    const refused = await call(handler, { ...request, path: { id, ...request.path }, context: context() })
    expect(refused).toMatchObject({ statusCode })
    expect(await status(id)).toContain('aisle; hit')
  })
}

test('a POST of an id that is taken is refused, and the entry stays', async () => {
  await cached('taken')
  expect(await call('postProduct', { body: { ...shirt, id: 'taken' } })).toMatchObject({ statusCode: 409 })
  expect(await status('taken')).toContain('aisle; hit')
})

test('a review of what does not exist is refused, and it stays known not to exist', async () => {
  await freshRedis({ port: redisPort })
  await expect.poll(() => status('nothing')).toContain('aisle; hit')
  const refused = await call('postReview', { path: { id: 'nothing' }, body: review })
  expect(refused).toMatchObject({ statusCode: 404 })
  expect(await status('nothing')).toContain('aisle; hit')
})

/** Which errors of DynamoDB leave an entry where it is; `from`: the operation that meets them. */
const troubles: [string, Trouble, boolean][] = [
  ['throttled', { error: 'ProvisionedThroughputExceededException' }, true],
  ['not allowed', { error: 'AccessDeniedException' }, true],
  ['met by a transaction', { error: 'TransactionConflictException' }, true],
  ['answered with 500', { error: 'InternalServerError', status: 500 }, false],
  ['answered with what is no error', { status: 502, body: 'Bad Gateway' }, false],
  ['cut off', 'reset', false],
  ['not answered', 'silent', false],
  ['done, and its answer lost', 'lost', false],
]

for (const [n, [what, trouble, stays]] of troubles.entries()) {
  test(`a write that is ${what} ${stays ? 'leaves' : 'removes'} the entry`, async () => {
    const id = `trouble-${n}`
    await cached(id)
    const plan = proxy.trouble('PutItem', trouble, always)
    const failed = await call('patchProduct', { path: { id }, body: { title: 'newer' }, context: context() })
    plan.end()
    expect(failed.statusCode).toBeGreaterThanOrEqual(500)
    if (stays) expect(await status(id)).toContain('aisle; hit')
    else expect(await status(id)).toContain('fwd=uri-miss')
  })
}

test('a write whose first attempt was done, and whose second was refused, removes the entry', async () => {
  await cached('twice')
  proxy.trouble('PutItem', 'lost')
  const late = proxy.trouble('PutItem', { error: 'ProvisionedThroughputExceededException' }, always)
  await call('patchProduct', { path: { id: 'twice' }, body: { title: 'newer' }, context: context() })
  late.end()
  const answer = await get('twice')
  expect(answer.json).toMatchObject({ title: 'newer' })
})

test('while nobody listens where DynamoDB was, writes leave the entries', async () => {
  await cached('away')
  // The last of this file: nobody comes this way any more.
  proxy.close()
  const failed = await call('patchProduct', {
    path: { id: 'away' },
    body: { title: 'x' },
    context: context(),
  })
  expect(failed.statusCode).toBe(503)
  const put = await call('putProduct', { path: { id: 'away' }, body: shirt, context: context() })
  expect(put.statusCode).toBe(503)
  expect(await status('away')).toContain('aisle; hit')
})
