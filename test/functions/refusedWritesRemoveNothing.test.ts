import { afterAll, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { type DatabaseFault, startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, get, db, table, redisPort } = await freshHandlers()
// All handlers of this file reach DynamoDB through this proxy.
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

/** Creates a product, and reads it until it is a hit. */
async function createCached(id: string) {
  await freshRedis({ port: redisPort })
  const { content } = parseProduct(shirt)
  await upsertProduct({ db, table }, { id, content })
  await expect.poll(() => status(id)).toContain('aisle; hit')
}
const status = async (id: string) => (await get(id)).headers['cache-status'] ?? ''

const unnamed = { subject: 'ann', scope: 'reviews:write' }
const refusals: [string, number, string, Call][] = [
  ['a PUT with an older If-Match', 412, 'putProduct', { body: shirt, headers: { 'if-match': '"p-1"' } }],
  ['a PUT with If-None-Match: *', 412, 'putProduct', { body: shirt, headers: { 'if-none-match': '*' } }],
  ['a PATCH that makes the product invalid', 422, 'patchProduct', { body: { title: '' } }],
  [
    'a PATCH with an older If-Match',
    412,
    'patchProduct',
    { body: { title: 'x' }, headers: { 'if-match': '"p-1"' } },
  ],
  ['a DELETE with an older If-Match', 412, 'deleteProduct', { headers: { 'if-match': '"p-1"' } }],
  ['taking more than the stock', 409, 'patchVariant', { path: { sku: 'S' }, body: { stock: { add: -2 } } }],
  ['a removal of a missing review', 404, 'deleteReview', { path: { reviewId: 'none' } }],
  ['a review without a name', 403, 'postReview', { body: { rating: 5, body: 'x' }, authorizer: unnamed }],
  ['a change to a missing variant', 404, 'patchVariant', { path: { sku: 'none' }, body: { stock: 2 } }],
]

for (const [n, [what, statusCode, handler, request]] of refusals.entries()) {
  test(`${what} is refused, and leaves the entry in the cache`, async () => {
    const id = `refused-${n}`
    await createCached(id)
    const refused = await call(handler, { ...request, path: { id, ...request.path }, context: context() })
    expect(refused).toMatchObject({ statusCode })
    expect(await status(id)).toContain('aisle; hit')
  })
}

test('a POST with a taken id is refused, and leaves the entry in the cache', async () => {
  await createCached('taken')
  expect(await call('postProduct', { body: { ...shirt, id: 'taken' } })).toMatchObject({ statusCode: 409 })
  expect(await status('taken')).toContain('aisle; hit')
})

test('a review of a missing product is refused, and the cache still holds that the product does not exist', async () => {
  await freshRedis({ port: redisPort })
  await expect.poll(() => status('nothing')).toContain('aisle; hit')
  const refused = await call('postReview', { path: { id: 'nothing' }, body: review })
  expect(refused).toMatchObject({ statusCode: 404 })
  expect(await status('nothing')).toContain('aisle; hit')
})

/** Errors of DynamoDB, and whether they leave the entry in the cache: only if the write certainly changed nothing. */
const faults: [string, DatabaseFault, boolean][] = [
  ['DynamoDB throttles it', { error: 'ProvisionedThroughputExceededException' }, true],
  ['it is not permitted', { error: 'AccessDeniedException' }, true],
  ['it conflicts with a transaction', { error: 'TransactionConflictException' }, true],
  ['DynamoDB returns 500', { error: 'InternalServerError', status: 500 }, false],
  ['the response is not an error of DynamoDB', { status: 502, body: 'Bad Gateway' }, false],
  ['the connection breaks', 'reset', false],
  ['DynamoDB does not answer', 'silent', false],
  ['it is applied and its response is lost', 'lost', false],
]

for (const [n, [what, fault, stays]] of faults.entries()) {
  test(`a write ${stays ? 'leaves' : 'removes'} the entry if ${what}`, async () => {
    const id = `fault-${n}`
    await createCached(id)
    const plan = proxy.injectFault('PutItem', fault, always)
    const failed = await call('patchProduct', { path: { id }, body: { title: 'newer' }, context: context() })
    plan.end()
    expect(failed.statusCode).toBeGreaterThanOrEqual(500)
    if (stays) expect(await status(id)).toContain('aisle; hit')
    else expect(await status(id)).toContain('fwd=uri-miss')
  })
}

test('a write removes the entry if its first attempt was applied and its second was refused', async () => {
  await createCached('twice')
  proxy.injectFault('PutItem', 'lost')
  const late = proxy.injectFault('PutItem', { error: 'ProvisionedThroughputExceededException' }, always)
  await call('patchProduct', { path: { id: 'twice' }, body: { title: 'newer' }, context: context() })
  late.end()
  const response = await get('twice')
  expect(response.json).toMatchObject({ title: 'newer' })
})

test('writes leave the entries in the cache while DynamoDB refuses connections', async () => {
  await createCached('away')
  // This is the last test of the file: after it, the proxy is closed.
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
