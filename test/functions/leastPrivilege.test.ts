import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toItem, toTombstone } from '../../lib/catalog/table/items.ts'
import { projectFolder } from '../../lib/project/folder.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { type Access, startRecorder } from '../support/recorder.ts'
import { freshRedis } from '../support/redis.ts'
import { deliveryOf, recordsOf } from '../support/stream.ts'

/**
 * The roles of resources/roles.yml against what the functions really ask DynamoDB for. Redis is away, so that every read
 * reaches it. What IAM itself would say cannot be asked here: its rules are applied as AWS documents them.
 */
const { db, table, redisPort, call, put } = await freshHandlers()
const recorder = await startRecorder(process.env.DYNAMODB_ENDPOINT ?? '')
// Before the first handler is loaded.
process.env.DYNAMODB_ENDPOINT = recorder.url
afterAll(() => recorder.stop())

interface Grant {
  action: string
  /** As the template names it. */
  resource: string
  /** The partition keys that it is bound to. */
  keys: string[] | undefined
}

const roles = parse(readFileSync(join(projectFolder, 'resources/roles.yml'), 'utf8'), {
  maxAliasCount: -1,
}).Resources
const { functions } = parse(readFileSync(join(projectFolder, 'serverless.yml'), 'utf8'))

/** What the role of a function may do to tables and their indexes. */
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

const allows = ({ action, resource, keys }: Grant, asked: Access): boolean => {
  const template = asked.table === table ? 'CatalogTable' : 'IdempotencyTable'
  const named = asked.index
    ? { 'Fn::Sub': `\${${template}.Arn}/index/${asked.index}` }
    : { 'Fn::GetAtt': [template, 'Arn'] }
  return (
    action === asked.action && resource === JSON.stringify(named) && (!keys || keys.includes(asked.key ?? ''))
  )
}

/** Holds the role of a function against what the function has asked for since the last look. */
function judge(name: string) {
  const asked = recorder.take()
  const grants = grantsOf(name)
  expect(asked.filter((access) => !grants.some((grant) => allows(grant, access)))).toEqual([])
  expect(grants.filter((grant) => !asked.some((access) => allows(grant, access)))).toEqual([])
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

/** A deletion that ended before the reviews of the product were gone. */
async function halfDeleted(id: string) {
  await upsertProduct({ db, table }, { id, content, reviews: reviews(id, 2) })
  const at = '2024-01-01T00:00:00.000Z'
  const kept = {
    ratingSum: 0,
    ratingCount: 0,
    version: Date.now(),
    createdAt: at,
    updatedAt: at,
    writeId: 'w',
  }
  await db.send(new PutCommand({ TableName: table, Item: toTombstone(toItem(id, content, kept), 'd') }))
}

/** The signing key of cursors as it is before anybody has needed it. */
const forgetCursorKey = () =>
  db.send(new DeleteCommand({ TableName: table, Key: { pk: 'SECRET', sk: 'CURSOR' } }))

for (const n of [1, 2, 3]) await upsertProduct({ db, table }, { id: `p${n}`, content })
await upsertProduct({ db, table }, { id: 'reviewed', content, reviews: reviews('reviewed', 60) })

test('getProduct', async () => {
  expect((await call('getProduct', { path: { id: 'p1' } })).statusCode).toBe(200)
  judge('getProduct')
})

test('getProducts: a batch, and a listing with a cursor, whose key is made by whoever needs it first', async () => {
  await forgetCursorKey()
  expect((await call('getProducts', { query: { ids: 'p1,p2' } })).statusCode).toBe(200)
  const first = await call('getProducts', { query: { category: aProduct.category, limit: '1' } })
  const [, cursor = ''] = /cursor=([^>&]+)/.exec(first.headers.link ?? '') ?? []
  const query = { category: aProduct.category, limit: '1', cursor }
  expect((await call('getProducts', { query })).statusCode).toBe(200)
  judge('getProducts')
})

test('getPage', async () => {
  await forgetCursorKey()
  expect((await call('getPage', { path: { id: 'reviewed' } })).statusCode).toBe(200)
  judge('getPage')
})

test('getReviews', async () => {
  await forgetCursorKey()
  const { headers } = await call('getReviews', { path: { id: 'reviewed' } })
  const [, cursor = ''] = /cursor=([^>&]+)/.exec(headers.link ?? '') ?? []
  expect((await call('getReviews', { path: { id: 'reviewed' }, query: { cursor } })).statusCode).toBe(200)
  judge('getReviews')
})

test('getCategories', async () => {
  expect((await call('getCategories')).statusCode).toBe(200)
  judge('getCategories')
})

test('getHealth', async () => {
  expect((await call('getHealth')).json.dynamodb.state).toBe('up')
  judge('getHealth')
})

const withKey = (key: string) => ({ headers: { 'idempotency-key': key } })

test('postProduct: also over what a deletion left, also twice, also in vain', async () => {
  await halfDeleted('post')
  expect((await call('postProduct', { body: aProduct })).statusCode).toBe(201)
  const body = { ...aProduct, id: 'post' }
  for (const status of [201, 201])
    expect((await call('postProduct', { body, ...withKey('a') })).statusCode).toBe(status)
  expect((await call('postProduct', { body, ...withKey('b') })).statusCode).toBe(409)
  judge('postProduct')
})

test('putProduct: also over what a deletion left', async () => {
  await halfDeleted('put')
  expect((await put('put', { body: aProduct })).statusCode).toBe(201)
  expect((await put('put', { body: { ...aProduct, title: 'x' } })).statusCode).toBe(200)
  judge('putProduct')
})

test('patchProduct', async () => {
  const body = JSON.stringify({ title: 'Other' })
  const headers = { 'content-type': 'application/merge-patch+json' }
  expect((await call('patchProduct', { path: { id: 'p1' }, headers, body })).statusCode).toBe(200)
  judge('patchProduct')
})

test('patchVariant: with a key and without, and in vain', async () => {
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
  judge('patchVariant')
})

test('deleteProduct: with its reviews', async () => {
  await upsertProduct({ db, table }, { id: 'gone', content, reviews: reviews('gone', 2) })
  expect((await call('deleteProduct', { path: { id: 'gone' } })).statusCode).toBe(204)
  judge('deleteProduct')
})

test('postReview: a review and a reply, twice, and of nothing', async () => {
  const path = { id: 'p2' }
  const body = { rating: 5, body: 'good', author: 'ann' }
  const first = await call('postReview', { path, body, ...withKey('e') })
  expect(first.statusCode).toBe(201)
  expect((await call('postReview', { path, body, ...withKey('e') })).statusCode).toBe(201)
  const reply = { parentId: first.json.id, body: 'indeed', author: 'bob' }
  expect((await call('postReview', { path, body: reply })).statusCode).toBe(201)
  expect((await call('postReview', { path: { id: 'none' }, body, ...withKey('f') })).statusCode).toBe(404)
  judge('postReview')
})

test('onProductChange', async () => {
  const { handler } = await import('../../functions/onProductChange.ts')
  await handler(deliveryOf(await recordsOf(db, table, 4)))
  judge('onProductChange')
})

test('storefront: a page, a listing that goes on, and the first page', async () => {
  for (let n = 0; n < 30; n++) await upsertProduct({ db, table }, { id: `s${n}`, content })
  await forgetCursorKey()
  const show = (route: string, path: Record<string, string>, query?: Record<string, string>) =>
    call('storefront', { route, path, ...(query && { query }) })
  expect((await show('GET /p/{id}', { id: 'reviewed' })).statusCode).toBe(200)
  expect((await show('GET /c/{category+}', { category: aProduct.category })).statusCode).toBe(200)
  expect((await show('GET /', {})).statusCode).toBe(200)
  judge('storefront')
})

test('warm, audit, operate: with a Redis, where the most read products are counted', async () => {
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
  judge('warm')

  const { handler: audit } = await import('../../functions/audit.ts')
  expect((await audit()).sampled).toBeGreaterThan(0)
  judge('audit')

  // The list is kept where it has changed.
  await countRead('p3')
  const { handler: operate } = await import('../../functions/operate.ts')
  for (const action of ['inspect', 'invalidate'] as const) await operate({ action, ids: ['reviewed'] })
  await operate({ action: 'warm', ids: ['reviewed'], top: 10 })
  await operate({ action: 'audit', ids: ['reviewed'] })
  judge('operate')
})

test('every function that reaches DynamoDB is tried here', () => {
  const tried = readFileSync(import.meta.filename, 'utf8')
  for (const name of Object.keys(functions)) {
    if (grantsOf(name).length > 0) expect(tried).toContain(`judge('${name}')`)
  }
})
