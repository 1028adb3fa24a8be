import { randomUUID } from 'node:crypto'
import { BatchWriteCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { patchVariant } from '../../lib/catalog/product/patchVariant.ts'
import { maxStock } from '../../lib/catalog/product/product.ts'
import { postReview } from '../../lib/catalog/reviews/postReview.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { putClockAhead } from '../support/clock.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { createKeyedWrite } from '../support/keyedWrite.ts'
import { removeReview } from '../support/reviewers.ts'

const { call, get, put, db, table } = await freshHandlers()
const records = process.env.IDEMPOTENCY_TABLE ?? ''
// All handlers of this file reach DynamoDB through this proxy.
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())
afterEach(() => putClockAhead(0))

const dayMs = 24 * 3600 * 1000
const shirt = { ...aProduct, variants: [{ sku: 'S', price: aProduct.price, stock: 20 }] }
const takeFive = { stock: { add: -5 } }
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const withKey = (key: string) => ({ headers: { 'idempotency-key': key } })
const patch = (id: string, key: string, body: object = takeFive) =>
  call('patchVariant', { path: { id, sku: 'S' }, body, ...withKey(key) })
const post = (key: string, body: object = aProduct) => call('postProduct', { body, ...withKey(key) })
const stockOf = async (id: string) => (await get(id)).json.stock

async function itemsOf(name: string): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await db.send(new ScanCommand({ TableName: name, ConsistentRead: true }))
  return Items
}
const products = async () => (await itemsOf(table)).filter(({ sk, deleted }) => sk === 'PRODUCT' && !deleted)
const marks = async () => (await itemsOf(table)).filter(({ sk }) => String(sk).startsWith('WRITE'))

async function deleteItems(name: string, keys: string[]) {
  for (const item of await itemsOf(name)) {
    const Key = Object.fromEntries(keys.map((key) => [key, item[key]]))
    await db.send(new BatchWriteCommand({ RequestItems: { [name]: [{ DeleteRequest: { Key } }] } }))
  }
}
/** Loses the stored responses of all requests so far. */
const loseRecords = () => deleteItems(records, ['id'])
const emptyTables = async () => {
  await loseRecords()
  await deleteItems(table, ['pk', 'sk'])
}

/** Sends a write that DynamoDB applies, and whose every response is lost. Its record is lost too. */
async function loseResponse(send: () => ReturnType<typeof call>) {
  const always = { about: `"${table}"`, times: Number.POSITIVE_INFINITY }
  const plans = ['PutItem', 'TransactWriteItems'].map((name) => proxy.injectFault(name, 'lost', always))
  expect((await send()).statusCode).toBe(503)
  for (const plan of plans) plan.end()
  await loseRecords()
}

describe('within 24 hours, a write whose response and record are lost is done once', () => {
  test('if it takes from a stock', async () => {
    await put('lost', { body: shirt })
    await loseResponse(() => patch('lost', 'lost'))
    expect(await stockOf('lost')).toBe(15)
    putClockAhead(dayMs - 60_000)
    expect((await patch('lost', 'lost')).json.stock).toBe(15)
    expect(await stockOf('lost')).toBe(15)
  })

  test('if it creates a product with a generated id', async () => {
    const before = (await products()).length
    await loseResponse(() => post('generated'))
    putClockAhead(dayMs - 60_000)
    const { statusCode, json, headers } = await post('generated')
    expect(statusCode).toBe(201)
    expect(headers.location).toBe(`/products/${json.id}`)
    expect(await get(json.id)).toMatchObject({ statusCode: 200, json })
    expect(await products()).toHaveLength(before + 1)
  })

  test('if it creates a product with an id of its own, even if the product was edited since', async () => {
    const body = { ...aProduct, id: 'own' }
    await loseResponse(() => post('own', body))
    const edited = await put('own', { body: { ...aProduct, title: 'edited' } })
    expect(edited.statusCode).toBe(200)
    expect(await post('own', body)).toMatchObject({
      statusCode: 201,
      headers: { etag: edited.headers.etag, location: '/products/own' },
      json: { title: 'edited' },
    })
  })

  test('even if DynamoDB names only one of the failed conditions', async () => {
    const body = { ...aProduct, id: 'one-reason' }
    await loseResponse(() => post('one-reason', body))
    const reasons = ['ConditionalCheckFailed', 'None']
    proxy.injectFault('TransactWriteItems', { error: 'TransactionCanceledException', reasons })
    expect((await post('one-reason', body)).statusCode).toBe(201)
  })
})

describe('within 24 hours, a key whose record is lost is refused with 422 for another request', () => {
  const reused = { statusCode: 422, json: { type: 'urn:aisle:problem:idempotency-key-reused' } }

  test('that changes a variant, and the stock stays', async () => {
    await put('reused', { body: shirt })
    await patch('reused', 'reused')
    await loseRecords()
    expect(await patch('reused', 'reused', { stock: { add: -6 } })).toMatchObject(reused)
    expect(await stockOf('reused')).toBe(15)
    expect((await patch('reused', 'reused')).json.stock).toBe(15)
  })

  test('that creates a product, and nothing is created', async () => {
    const { json } = await post('other')
    const before = await products()
    await loseRecords()
    expect(await post('other', { ...aProduct, title: 'other' })).toMatchObject(reused)
    expect(await post('other', { ...aProduct, id: 'other' })).toMatchObject(reused)
    expect(await products()).toEqual(before)
    const { id, ...reordered } = Object.fromEntries(Object.entries({ ...aProduct, id: 0 }).reverse())
    expect((await post('other', reordered)).json).toEqual(json)
  })
})

describe('a write that its first attempt overtakes gets the result of the first attempt', () => {
  const direct = { db, table }
  const overtaken = { db: connectDynamoDB(proxy.url), table }
  /** Runs `first` before the next read of a product reaches DynamoDB. */
  const overtake = (id: string, first: () => Promise<unknown>) =>
    proxy.injectFault('GetItem', async () => void (await first()), { about: `PRODUCT#${id}"}` })

  const withStock = (stock: number) => ({ ...shirt, variants: [{ ...shirt.variants[0], stock }] })
  test.each([
    ['took the last of the stock', withStock(5), { add: -5 }, 0, undefined],
    ['added the last that fits', withStock(maxStock - 5), { add: 5 }, maxStock, undefined],
    ['took from a variant that was removed since', withStock(5), { add: -1 }, 0, aProduct],
  ])('if it %s', async (_, body, stock, after, edited) => {
    const keyed = createKeyedWrite()
    const id = `overtaken-${keyed.id}`
    await put(id, { body })
    const write = (access: typeof direct) => patchVariant(access, id, 'S', { stock }, { keyed })
    const plan = overtake(id, async () => {
      await write(direct)
      if (edited) await put(id, { body: edited })
    })
    expect((await write(overtaken)).value.stock).toBe(after)
    expect(plan.left()).toBe(0)
    expect(await stockOf(id)).toBe(after)
  })

  test('if it changed the version that both expect', async () => {
    const keyed = createKeyedWrite()
    const { json } = await put('expected', { body: shirt })
    const options = { keyed, precondition: { match: [json.version] } }
    const write = (access: typeof direct) => patchVariant(access, 'expected', 'S', { stock: 7 }, options)
    overtake('expected', () => write(direct))
    expect((await write(overtaken)).value.stock).toBe(7)
  })

  test('if it posted a reply to a review that was removed since', async () => {
    await put('talk', { body: aProduct })
    const { review } = await postReview(direct, 'talk', { author: 'Ann', body: 'Good.', rating: 5 })
    const keyed = createKeyedWrite()
    const write = (access: typeof direct) =>
      postReview(access, 'talk', { author: 'Bo', body: 'Why?', parentId: review.id }, keyed)
    let first: unknown
    const plan = overtake('talk', async () => {
      first = await write(direct)
      await removeReview(direct, 'talk', review.id, { isModerator: true })
    })
    expect(await write(overtaken)).toEqual(first)
    expect(plan.left()).toBe(0)
  })

  test('and a refusal that no attempt overtakes is the answer', async () => {
    await put('sold-out', { body: withStock(4) })
    expect(await patch('sold-out', 'sold-out')).toMatchObject({
      statusCode: 409,
      json: { type: 'urn:aisle:problem:out-of-stock' },
    })
    await put('sold-out', { body: shirt })
    expect((await patch('sold-out', 'sold-out')).json.stock).toBe(15)
  })
})

describe('after 24 hours, the same request with the same key is a new write, although it was repeated', () => {
  const hourMs = 3600 * 1000

  test('if it takes from a stock', async () => {
    await put('repeated', { body: shirt })
    await patch('repeated', 'repeated')
    await loseRecords()
    for (const hours of [22, 23]) {
      putClockAhead(hours * hourMs)
      expect((await patch('repeated', 'repeated')).json.stock).toBe(15)
    }
    putClockAhead(25 * hourMs)
    expect((await patch('repeated', 'repeated')).json.stock).toBe(10)
    // The promise to the new write begins with it.
    putClockAhead(48 * hourMs)
    expect((await patch('repeated', 'repeated')).json.stock).toBe(10)
    expect(await stockOf('repeated')).toBe(10)
  })

  test('if it creates a product, whatever its body', async () => {
    const { json } = await post('repeatedly')
    const other = await post('repeatedly-other')
    await loseRecords()
    putClockAhead(23 * hourMs)
    expect((await post('repeatedly')).json.id).toBe(json.id)
    expect((await post('repeatedly-other')).json.id).toBe(other.json.id)
    putClockAhead(25 * hourMs)
    const next = await post('repeatedly')
    expect(next.statusCode).toBe(201)
    expect(next.json.id).not.toBe(json.id)
    expect((await post('repeatedly-other', { ...aProduct, title: 'other' })).statusCode).toBe(201)
  })

  test('if it posts a review', async () => {
    await put('praised', { body: aProduct })
    const body = { rating: 5, body: 'Good.', author: 'Ann' }
    const review = () => call('postReview', { path: { id: 'praised' }, body, ...withKey('praise') })
    const { json } = await review()
    await loseRecords()
    putClockAhead(23 * hourMs)
    expect((await review()).json).toEqual(json)
    putClockAhead(25 * hourMs)
    expect(await review()).toMatchObject({
      statusCode: 201,
      json: { id: expect.not.stringMatching(json.id) },
    })
  })
})

describe('after 24 hours, the same request with the same key is a new write', () => {
  test('that takes from the stock again, although DynamoDB has not deleted the mark yet', async () => {
    await put('monday', { body: shirt })
    expect((await patch('monday', 'weekly')).json.stock).toBe(15)
    putClockAhead(dayMs + 1000)
    expect((await patch('monday', 'weekly')).json.stock).toBe(10)
    expect((await patch('monday', 'weekly')).json.stock).toBe(10)
    putClockAhead(2 * dayMs + 3000)
    expect((await patch('monday', 'weekly', { stock: { add: -1 } })).json.stock).toBe(9)
    expect(await stockOf('monday')).toBe(9)
  })

  test('that creates another product, and the first one stays as it is', async () => {
    const monday = await post('weekday')
    putClockAhead(dayMs + 1000)
    const tuesday = await post('weekday', { ...aProduct, title: 'Tuesday' })
    expect(tuesday).toMatchObject({ statusCode: 201, json: { title: 'Tuesday' } })
    expect(tuesday.json.id).not.toBe(monday.json.id)
    expect((await get(monday.json.id)).json).toEqual(monday.json)
    putClockAhead(2 * dayMs + 3000)
    const wednesday = await post('weekday', { ...aProduct, title: 'Tuesday' })
    expect(wednesday.json.id).not.toBe(tuesday.json.id)
  })

  test('that gets a 409 if the product with its id still exists', async () => {
    const body = { ...aProduct, id: 'kept' }
    expect((await post('kept', body)).statusCode).toBe(201)
    putClockAhead(dayMs + 1000)
    expect(await post('kept', body)).toMatchObject({
      statusCode: 409,
      json: { type: 'urn:aisle:problem:id-taken' },
    })
  })

  test('and between the two there is no time in which the record has expired and the mark has not', async () => {
    await emptyTables()
    await put('both', { body: shirt })
    await patch('both', 'both')
    await post('both')
    const ends = (await marks()).map(({ expiresAt }) => Number(expiresAt))
    const [now, recorded] = [Date.now() / 1000, (await itemsOf(records)).map(({ expiration }) => expiration)]
    expect(ends).toHaveLength(2)
    for (const end of ends) expect(Math.abs(end - now - dayMs / 1000)).toBeLessThan(60)
    expect(Math.min(...ends)).toBeLessThanOrEqual(Math.min(...recorded.map(Number)))
    expect(Math.max(...ends)).toBeLessThanOrEqual(Math.max(...recorded.map(Number)))
  })
})

describe('a creation with a key never returns the product of another writer', () => {
  const foreign = { ...aProduct, title: 'foreign' }

  test('whatever id another writer has put first', async () => {
    await emptyTables()
    const { json } = await post('guessed')
    await emptyTables()
    await put(json.id, { body: foreign })
    const created = await post('guessed')
    expect(created).toMatchObject({ statusCode: 201, json: aProduct })
    expect(created.json.id).toMatch(uuid)
    expect(created.json.id).not.toBe(json.id)
    expect((await get(json.id)).json.title).toBe('foreign')
  })

  test('that was put at its own id first', async () => {
    await put('first', { body: foreign })
    expect((await post('first', { ...aProduct, id: 'first' })).statusCode).toBe(409)
  })

  test('that replaced its product after a deletion', async () => {
    const body = { ...aProduct, id: 'again' }
    await loseResponse(() => post('again', body))
    await call('deleteProduct', { path: { id: 'again' } })
    const deleted = { statusCode: 404, json: { type: 'urn:aisle:problem:no-such-product' } }
    expect(await post('again', body)).toMatchObject(deleted)
    await put('again', { body: foreign })
    expect(await post('again', body)).toMatchObject(deleted)
    expect((await get('again')).json.title).toBe('foreign')
  })
})

test('the mark is one small item of its own, and a write without a key leaves none', async () => {
  await emptyTables()
  const from = proxy.operations.length
  await call('postProduct', { body: { ...aProduct, id: 'plain' } })
  expect(proxy.operations.slice(from)).toEqual(['PutItem'])
  await put('plain', { body: shirt })
  await call('patchVariant', { path: { id: 'plain', sku: 'S' }, body: takeFive })
  expect(await marks()).toEqual([])
  await post(randomUUID(), { ...aProduct, id: 'marked' })
  expect(await marks()).toEqual([
    {
      ...{ pk: expect.stringMatching(/^WRITE#/), sk: 'WRITE', fingerprint: expect.any(String) },
      ...{ expiresAt: expect.any(Number), productId: 'marked', createdAt: expect.any(String) },
    },
  ])
})
