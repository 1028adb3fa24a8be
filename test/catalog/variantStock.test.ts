import { randomUUID } from 'node:crypto'
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { patchVariant } from '../../lib/catalog/product/patchVariant.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readItem, readProduct } from '../../lib/catalog/product/readProduct.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { etagOf } from '../../lib/http/conditional.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { interposed } from '../support/interposed.ts'
import { createKeyedWrite } from '../support/keyedWrite.ts'
import { loseResponses } from '../support/loseResponses.ts'

const { call, put, db, table } = await freshHandlers()
const { price } = aProduct
const shirt = {
  ...aProduct,
  variants: [
    { sku: 'S', price, stock: 10 },
    { sku: 'L/XL', options: { size: 'L' }, price, stock: 5 },
  ],
}
const content = parseProduct(shirt).content
const patch = (id: string, sku: string, body: unknown, headers: Record<string, string> = {}) =>
  call('patchVariant', { path: { id, sku }, body, headers })
const stored = (id: string) => readProduct({ db, table }, id)
const stockOf = async (id: string, sku = 'S') =>
  (await stored(id))?.variants.find((variant) => variant.sku === sku)?.stock

describe('PATCH /products/{id}/variants/{sku}', () => {
  test('sets the price and stock of one variant, and returns the whole product', async () => {
    const before = await put('a', { body: shirt })
    const newPrice = { amount: 3100, currency: 'EUR' }
    const after = await patch('a', 'L/XL', { price: newPrice, stock: 7 })
    expect(after.statusCode).toBe(200)
    expect(after.json).toEqual({
      ...before.json,
      variants: [before.json.variants[0], { sku: 'L/XL', options: { size: 'L' }, price: newPrice, stock: 7 }],
      stock: 17,
      version: after.json.version,
      updatedAt: after.json.updatedAt,
    })
    expect(after.json.version).toBeGreaterThan(before.json.version)
    expect(after.headers.etag).toBe(etagOf(after.json.version))
    expect(await stored('a')).toEqual(after.json)
  })

  test("adds to the stock and takes from it, and keeps the product's stock equal to the sum", async () => {
    await put('b', { body: shirt })
    expect((await patch('b', 'S', { stock: { add: 3 } })).json).toMatchObject({ stock: 18 })
    expect((await patch('b', 'S', { stock: { add: -13 } })).json).toMatchObject({
      stock: 5,
      variants: [{ stock: 0 }, { stock: 5 }],
    })
    expect((await readItem({ db, table }, 'b'))?.stock).toBe(5)
  })

  test('returns 409 with the current stock if there is not enough, and changes nothing', async () => {
    const { json } = await put('c', { body: shirt })
    const refused = await patch('c', 'L/XL', { price: { amount: 1, currency: 'EUR' }, stock: { add: -6 } })
    expect(refused).toMatchObject({
      statusCode: 409,
      json: { type: 'urn:aisle:problem:out-of-stock', stock: 5 },
    })
    expect(await stored('c')).toEqual(json)
  })

  test('finds an sku in any Unicode normal form', async () => {
    await put('d', { body: { ...aProduct, variants: [{ sku: 'gr\u00fcn', price }] } })
    expect((await patch('d', 'gru\u0308n', { stock: 1 })).json.stock).toBe(1)
  })

  test('returns 412 with the current version if If-Match does not match, and changes nothing', async () => {
    const { headers, json } = await put('e', { body: shirt })
    expect(await patch('e', 'S', { stock: 1 }, { 'if-match': '"p-1"' })).toMatchObject({
      statusCode: 412,
      json: { currentVersion: json.version },
    })
    expect(await stockOf('e')).toBe(10)
    expect((await patch('e', 'S', { stock: 1 }, { 'if-match': headers.etag ?? '' })).statusCode).toBe(200)
  })

  const bad: [string, number, unknown, string?][] = [
    ['an empty patch', 422, {}, ''],
    ['a stock below zero', 422, { stock: -1 }, '/stock'],
    ['a fraction', 422, { stock: { add: 0.5 } }, '/stock'],
    ['an addition without a number', 422, { stock: {} }, '/stock'],
    ['an addition beyond the maximum stock', 422, { stock: { add: 1_000_000_000 } }, '/stock/add'],
    ['a number out of range', 422, { stock: { add: -1e300 } }, '/stock/add'],
    ['an unknown field', 422, { stock: 1, sku: 'M' }, '/sku'],
    ['a price without currency', 422, { price: { amount: 1 } }, '/price/currency'],
    ['a list', 422, [], ''],
  ]
  for (const [what, status, body, pointer] of bad) {
    test(`returns ${status} for ${what}, and changes nothing`, async () => {
      const { json } = await put('bad', { body: shirt })
      const refused = await patch('bad', 'S', body)
      expect(refused.statusCode).toBe(status)
      expect(refused.json.errors).toMatchObject([{ pointer }])
      expect(await stored('bad')).toEqual(json)
    })
  }

  test('returns different 404s for a missing sku and a missing product', async () => {
    await put('f', { body: shirt })
    for (const sku of ['M', '', 's', '__proto__', '\ud83d']) {
      const refused = await patch('f', sku, { stock: 1 })
      expect(refused).toMatchObject({ statusCode: 404, json: { type: 'urn:aisle:problem:no-such-variant' } })
    }
    expect(await patch('none', 'S', { stock: 1 })).toMatchObject({
      statusCode: 404,
      json: { type: 'urn:aisle:problem:no-such-product' },
    })
  })
})

describe('the stock of a variant', () => {
  const take = (id: string, sku: string, add: number) =>
    patchVariant({ db, table }, id, sku, { stock: { add } })

  test('goes to exactly as many of the concurrent callers as it has pieces', async () => {
    await putProduct({ db, table }, 'sale', content)
    const results = await Promise.allSettled(Array.from({ length: 25 }, () => take('sale', 'S', -1)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'OutOfStock', stock: 0 })
    }
    expect(await stored('sale')).toMatchObject({ stock: 5, variants: [{ stock: 0 }, { stock: 5 }] })
  })

  test('includes all concurrent additions, without conflicts', async () => {
    const { version } = await putProduct({ db, table }, 'both', content)
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, n) => take('both', n % 2 ? 'S' : 'L/XL', 1)),
    )
    const product = await stored('both')
    expect(product).toMatchObject({ stock: 55, variants: [{ stock: 30 }, { stock: 25 }] })
    // One version per addition: none was retried. Each result is at least as new as its own write.
    expect(product?.version).toBe(version + 40)
    for (const { value } of results) expect(value.version).toBeGreaterThan(version)
  })

  test('is the result of some serial order of concurrent additions and sets', async () => {
    await putProduct({ db, table }, 'mixed', content)
    await Promise.all([
      ...Array.from({ length: 5 }, () => patchVariant({ db, table }, 'mixed', 'S', { stock: { add: -1 } })),
      patchVariant({ db, table }, 'mixed', 'S', { stock: 100 }),
    ])
    const product = await stored('mixed')
    const stock = product?.variants[0]?.stock ?? 0
    expect(stock).toBeGreaterThanOrEqual(95)
    expect(stock).toBeLessThanOrEqual(100)
    expect(product?.stock).toBe(stock + 5)
  })

  test('of the right variant changes, even if another writer moves the variant meanwhile', async () => {
    await putProduct({ db, table }, 'moved', content)
    const reversed = { ...content, variants: content.variants.toReversed() }
    const moving = interposed('TransactWriteItemsCommand', () => putProduct({ db, table }, 'moved', reversed))
    await patchVariant({ db: moving, table }, 'moved', 'S', { stock: { add: 1 } })
    expect(await stockOf('moved', 'S')).toBe(11)
    expect(await stockOf('moved', 'L/XL')).toBe(5)
  })
})

describe('a change to a variant is applied exactly once', () => {
  test('if its response is lost and the SDK retries it', async () => {
    await putProduct({ db, table }, 'lost', content)
    const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
    const chaos = loseResponses(client, 'TransactWriteItemsCommand')
    chaos.losses = 1
    await patchVariant({ db: client, table }, 'lost', 'S', { stock: { add: -10 } })
    expect(chaos.losses).toBe(0)
    expect(await stockOf('lost')).toBe(0)
  })

  test('if both responses are lost and the caller repeats it with the same key', async () => {
    await putProduct({ db, table }, 'key', content)
    const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
    const chaos = loseResponses(client, 'TransactWriteItemsCommand')
    const options = { keyed: createKeyedWrite() }
    chaos.losses = 2
    await expect(
      patchVariant({ db: client, table }, 'key', 'S', { stock: { add: -10 } }, options),
    ).rejects.toThrow('socket hang up')
    // The repetition took the last pieces itself, so it neither fails with 409 nor takes more.
    const { value } = await patchVariant({ db, table }, 'key', 'S', { stock: { add: -10 } }, options)
    expect(value.variants[0]?.stock).toBe(0)
    await patchVariant({ db, table }, 'key', 'S', { stock: { add: 10 } })
    await patchVariant({ db, table }, 'key', 'S', { stock: { add: -10 } }, options)
    expect(await stockOf('key')).toBe(10)
  })

  test('if several attempts with the same key run at the same time', async () => {
    await putProduct({ db, table }, 'attempts', content)
    const options = { keyed: createKeyedWrite() }
    const attempt = () => patchVariant({ db, table }, 'attempts', 'S', { stock: { add: -1 } }, options)
    await Promise.all(Array.from({ length: 5 }, attempt))
    expect(await stockOf('attempts')).toBe(9)
  })

  test('if it is sent twice with the same Idempotency-Key', async () => {
    await put('twice', { body: shirt })
    const headers = { 'idempotency-key': randomUUID() }
    const first = await patch('twice', 'S', { stock: { add: -1 } }, headers)
    await patch('twice', 'S', { stock: { add: -1 } })
    expect((await patch('twice', 'S', { stock: { add: -1 } }, headers)).body).toBe(first.body)
    expect(await stockOf('twice')).toBe(8)
    // A request for another variant must not reuse the key.
    expect(await patch('twice', 'L/XL', { stock: { add: -1 } }, headers)).toMatchObject({ statusCode: 422 })
  })

  test('if DynamoDB cancels it for a conflict with another transaction', async () => {
    await putProduct({ db, table }, 'conflict', content)
    let conflicts = 3
    const client = interposed('TransactWriteItemsCommand', () => {
      if (conflicts-- > 0) throw conflict()
    })
    await patchVariant({ db: client, table }, 'conflict', 'S', { stock: { add: 1 } })
    expect(conflicts).toBe(-1)
    expect(await stockOf('conflict')).toBe(11)
    const always = interposed('TransactWriteItemsCommand', () => {
      throw conflict()
    })
    await expect(patchVariant({ db: always, table }, 'conflict', 'S', { stock: 1 })).rejects.toThrow(
      'conflict',
    )
    expect(await stockOf('conflict')).toBe(11)
  })

  test('and an interrupted writer of the whole product still recognises its own success after it', async () => {
    const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
    const { version } = await putProduct({ db: client, table }, 'own', content)
    const chaos = loseResponses(client, 'PutItemCommand')
    chaos.losses = 1
    chaos.meanwhile = async () => {
      await patchVariant({ db, table }, 'own', 'S', { stock: { add: 1 } })
    }
    const renamed = { ...content, title: 'renamed' }
    const written = await putProduct({ db: client, table }, 'own', renamed, { match: [version] })
    expect(written.value).toMatchObject({ title: 'renamed', stock: 16 })
    expect(await stored('own')).toEqual(written.value)
  })
})

const conflict = () =>
  new TransactionCanceledException({
    message: 'conflict',
    $metadata: {},
    CancellationReasons: [{ Code: 'TransactionConflict' }],
  })
