import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toItem, toTombstone } from '../../lib/catalog/table/items.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { type Access, startAccessRecorder } from '../support/accessRecorder.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'
import { readRecords, toStreamEvent } from '../support/stream.ts'

/**
 * Checks the roles of resources/roles.yml against the requests that the functions send to DynamoDB. Redis is away, so
 * every read reaches DynamoDB. IAM itself is not available here; the test applies its rules as AWS documents them.
 */
const { db, table, redisPort, call, put } = await freshHandlers({ hasStream: true })
const recorder = await startAccessRecorder(process.env.DYNAMODB_ENDPOINT ?? '')
// Must be set before the first handler is loaded.
process.env.DYNAMODB_ENDPOINT = recorder.url
afterAll(() => recorder.stop())

interface Grant {
  action: string
  /** The resource as the template names it, as JSON. */
  resource: string
  /** The partition keys that the grant is limited to. Undefined if it covers all. */
  keys: string[] | undefined
}

const roles = parse(readFileSync(join(projectDirectory, 'resources/roles.yml'), 'utf8'), {
  maxAliasCount: -1,
}).Resources
const { functions } = parse(readFileSync(join(projectDirectory, 'serverless.yml'), 'utf8'))

/** Returns what the role of a function may do with tables and their indexes. */
const grantsOf = (name: string): Grant[] =>
  roles[functions[name].role].Properties.Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
  ).flatMap(({ Action, Resource, Condition }: Statement) =>
    [Action]
      .flat()
      .filter((action) => /^dynamodb:(\w+Item|Query)$/.test(action))
      .map((action) => ({
        action,
        resource: JSON.stringify(Resource),
        keys: Condition?.['ForAllValues:StringEquals']?.['dynamodb:LeadingKeys'],
      })),
  )

interface Statement {
  Action: string | string[]
  Resource: object
  Condition?: Record<string, Record<string, string[]>>
}

const allows = ({ action, resource, keys }: Grant, access: Access): boolean => {
  const template = access.table === table ? 'CatalogTable' : 'IdempotencyTable'
  const named = access.index
    ? { 'Fn::Sub': `\${${template}.Arn}/index/${access.index}` }
    : { 'Fn::GetAtt': [template, 'Arn'] }
  return (
    action === access.action &&
    resource === JSON.stringify(named) &&
    (!keys || keys.includes(access.key ?? ''))
  )
}

/** Checks that the role of a function allows each request since the last check, and that each grant was needed. */
function checkRole(name: string) {
  const accesses = recorder.take()
  const grants = grantsOf(name)
  expect(accesses.filter((access) => !grants.some((grant) => allows(grant, access)))).toEqual([])
  expect(grants.filter((grant) => !accesses.some((access) => allows(grant, access)))).toEqual([])
}

afterEach(() => {
  recorder.take()
})

const { content } = parseProduct(aProduct)
const reviews = (id: string, count: number) =>
  parseReviews(
    id,
    Array.from({ length: count }, (_, n) => ({
      ...{ id: `r${n}`, rating: 5, body: 'good', author: 'ann' },
      createdAt: `2024-01-01T00:00:${String(n % 60).padStart(2, '0')}Z`,
    })),
  )

/** Creates a product whose deletion was interrupted before its reviews were deleted. */
async function interruptDeletion(id: string) {
  await upsertProduct({ db, table }, { id, content, reviews: reviews(id, 2) })
  const at = '2024-01-01T00:00:00.000Z'
  const rest = {
    ratingSum: 0,
    ratingCount: 0,
    version: Date.now(),
    createdAt: at,
    updatedAt: at,
    writeId: 'w',
  }
  await db.send(new PutCommand({ TableName: table, Item: toTombstone(toItem(id, content, rest), 'd') }))
}

/** Deletes the signing key of cursors, so that the next request that needs the key creates it. */
const deleteCursorKey = () =>
  db.send(new DeleteCommand({ TableName: table, Key: { pk: 'SECRET', sk: 'CURSOR' } }))

for (const n of [1, 2, 3]) await upsertProduct({ db, table }, { id: `p${n}`, content })
await upsertProduct({ db, table }, { id: 'reviewed', content, reviews: reviews('reviewed', 60) })

test('getProduct uses exactly the grants of its role', async () => {
  expect((await call('getProduct', { path: { id: 'p1' } })).statusCode).toBe(200)
  checkRole('getProduct')
})

test('getProducts uses exactly the grants of its role, for a batch and for a listing that creates the key of cursors', async () => {
  await deleteCursorKey()
  expect((await call('getProducts', { query: { ids: 'p1,p2' } })).statusCode).toBe(200)
  const first = await call('getProducts', { query: { category: aProduct.category, limit: '1' } })
  const [, cursor = ''] = /cursor=([^>&]+)/.exec(first.headers.link ?? '') ?? []
  const query = { category: aProduct.category, limit: '1', cursor }
  expect((await call('getProducts', { query })).statusCode).toBe(200)
  checkRole('getProducts')
})

test('getPage uses exactly the grants of its role', async () => {
  await deleteCursorKey()
  expect((await call('getPage', { path: { id: 'reviewed' } })).statusCode).toBe(200)
  checkRole('getPage')
})

test('getReviews uses exactly the grants of its role', async () => {
  await deleteCursorKey()
  const { headers } = await call('getReviews', { path: { id: 'reviewed' } })
  const [, cursor = ''] = /cursor=([^>&]+)/.exec(headers.link ?? '') ?? []
  expect((await call('getReviews', { path: { id: 'reviewed' }, query: { cursor } })).statusCode).toBe(200)
  checkRole('getReviews')
})

test('getCategories uses exactly the grants of its role', async () => {
  expect((await call('getCategories')).statusCode).toBe(200)
  checkRole('getCategories')
})

test('getHealth uses exactly the grants of its role', async () => {
  expect((await call('getHealth')).json.dynamodb.state).toBe('up')
  checkRole('getHealth')
})

const withKey = (key: string) => ({ headers: { 'idempotency-key': key } })

test('postProduct uses exactly the grants of its role, after an interrupted deletion, if it is repeated and if it is refused', async () => {
  await interruptDeletion('post')
  expect((await call('postProduct', { body: aProduct })).statusCode).toBe(201)
  const body = { ...aProduct, id: 'post' }
  for (const status of [201, 201])
    expect((await call('postProduct', { body, ...withKey('a') })).statusCode).toBe(status)
  expect((await call('postProduct', { body, ...withKey('b') })).statusCode).toBe(409)
  checkRole('postProduct')
})

test('putProduct uses exactly the grants of its role, also after an interrupted deletion', async () => {
  await interruptDeletion('put')
  expect((await put('put', { body: aProduct })).statusCode).toBe(201)
  expect((await put('put', { body: { ...aProduct, title: 'x' } })).statusCode).toBe(200)
  checkRole('putProduct')
})

test('patchProduct uses exactly the grants of its role', async () => {
  const body = JSON.stringify({ title: 'Other' })
  const headers = { 'content-type': 'application/merge-patch+json' }
  expect((await call('patchProduct', { path: { id: 'p1' }, headers, body })).statusCode).toBe(200)
  checkRole('patchProduct')
})

test('patchVariant uses exactly the grants of its role, with an idempotency key, without one, and if it is refused', async () => {
  const variants = [{ sku: 's', options: {}, price: aProduct.price, stock: 3 }]
  await put('variants', { body: { ...aProduct, variants } })
  recorder.take()
  const path = { id: 'variants', sku: 's' }
  for (const request of [{}, withKey('c'), withKey('c')])
    expect((await call('patchVariant', { path, body: { stock: { add: -1 } }, ...request })).statusCode).toBe(
      200,
    )
  const tooMany = { path, body: { stock: { add: -9 } } }
  for (const request of [{}, withKey('d')])
    expect((await call('patchVariant', { ...tooMany, ...request })).statusCode).toBeGreaterThanOrEqual(400)
  checkRole('patchVariant')
})

test('deleteProduct uses exactly the grants of its role for a product with reviews', async () => {
  await upsertProduct({ db, table }, { id: 'gone', content, reviews: reviews('gone', 2) })
  expect((await call('deleteProduct', { path: { id: 'gone' } })).statusCode).toBe(204)
  checkRole('deleteProduct')
})

test('postReview uses exactly the grants of its role, for a review, a repetition, a replacement, a reply and a missing product', async () => {
  const path = { id: 'p2' }
  const body = { rating: 5, body: 'good', author: 'ann' }
  const first = await call('postReview', { path, body, ...withKey('e') })
  expect(first.statusCode).toBe(201)
  expect((await call('postReview', { path, body, ...withKey('e') })).statusCode).toBe(201)
  for (const status of [201, 200])
    expect((await call('postReview', { path, body: { rating: 4, body: 'good' } })).statusCode).toBe(status)
  const reply = { parentId: first.json.id, body: 'indeed', author: 'bob' }
  expect((await call('postReview', { path, body: reply })).statusCode).toBe(201)
  expect((await call('postReview', { path: { id: 'none' }, body, ...withKey('f') })).statusCode).toBe(404)
  checkRole('postReview')
})

test('deleteReview uses exactly the grants of its role, for a review with replies, a reply and a missing product', async () => {
  const path = { id: 'p3' }
  const authorizer = { subject: 'ann', name: 'Ann', scope: 'reviews:write' }
  const post = async (body: object) => (await call('postReview', { path, body, authorizer })).json.id
  const review = await post({ rating: 5, body: 'good' })
  const [reply] = [
    await post({ parentId: review, body: 'indeed' }),
    await post({ parentId: review, body: 'yes' }),
  ]
  recorder.take()
  for (const reviewId of [reply, review])
    expect((await call('deleteReview', { path: { ...path, reviewId }, authorizer })).statusCode).toBe(204)
  const missing = await call('deleteReview', { path: { id: 'none', reviewId: 'r' } })
  expect(missing.statusCode).toBe(404)
  // Without a subject, an item without text stays.
  await upsertProduct({ db, table }, { id: 'removed', content, reviews: reviews('removed', 1) })
  const imported = await call('deleteReview', { path: { id: 'removed', reviewId: 'r0' } })
  expect(imported.statusCode).toBe(204)
  checkRole('deleteReview')
})

test('onProductChange uses exactly the grants of its role', async () => {
  const { handler } = await import('../../functions/onProductChange.ts')
  await handler(toStreamEvent(await readRecords(db, table, 4)))
  checkRole('onProductChange')
})

test('storefront uses exactly the grants of its role, for a product, a listing with a next page, and the home page', async () => {
  for (let n = 0; n < 30; n++) await upsertProduct({ db, table }, { id: `s${n}`, content })
  await deleteCursorKey()
  const show = (route: string, path: Record<string, string>, query?: Record<string, string>) =>
    call('storefront', { route, path, ...(query && { query }) })
  expect((await show('GET /p/{id}', { id: 'reviewed' })).statusCode).toBe(200)
  expect((await show('GET /c/{category+}', { category: aProduct.category })).statusCode).toBe(200)
  expect((await show('GET /', {})).statusCode).toBe(200)
  checkRole('storefront')
})

test('warm, audit and operate use exactly the grants of their roles, with a Redis that counts the most-read products', async () => {
  await freshRedis({ port: redisPort })
  await expect
    .poll(async () => (await call('getProduct', { path: { id: 'p1' } })).headers['cache-status'])
    .toMatch(/hit/)
  const countRead = async (id: string) => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    await call('getProduct', { path: { id } })
    vi.restoreAllMocks()
    recorder.take()
  }
  await countRead('p2')

  const { handler: warm } = await import('../../functions/warm.ts')
  expect(await warm({ ids: ['reviewed'], top: 10 })).toMatchObject({ failed: 0, left: 0 })
  checkRole('warm')

  const { handler: audit } = await import('../../functions/audit.ts')
  expect((await audit()).sampled).toBeGreaterThan(0)
  checkRole('audit')

  // The most-read list is stored only if it has changed.
  await countRead('p3')
  const { handler: operate } = await import('../../functions/operate.ts')
  for (const action of ['inspect', 'invalidate'] as const) await operate({ action, ids: ['reviewed'] })
  await operate({ action: 'warm', ids: ['reviewed'], top: 10 })
  await operate({ action: 'audit', ids: ['reviewed'] })
  checkRole('operate')
})

test('every function with grants for DynamoDB is tested in this file', () => {
  const source = readFileSync(import.meta.filename, 'utf8')
  for (const name of Object.keys(functions)) {
    if (grantsOf(name).length > 0) expect(source).toContain(`checkRole('${name}')`)
  }
})
