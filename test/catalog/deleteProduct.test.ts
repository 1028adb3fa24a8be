import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand, QueryCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { NoSuchProduct } from '../../lib/catalog/errors.ts'
import { deleteProduct } from '../../lib/catalog/product/deleteProduct.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readProduct, readStored } from '../../lib/catalog/product/readProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { countedKey, productKey } from '../../lib/catalog/table/keys.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { interposed } from '../support/interposed.ts'
import { loseResponses } from '../support/loseResponses.ts'
import { productItems } from '../support/productItems.ts'
import { freshRedis } from '../support/redis.ts'

const { call, get, put, db, table, redisPort } = await freshHandlers()
const remove = (id: string, headers: Record<string, string> = {}) =>
  call('deleteProduct', { path: { id }, headers })
const { content } = parseProduct(aProduct)

/** Creates a product with this many reviews. */
async function createReviewed(id: string, count: number) {
  const reviews = Array.from({ length: count }, (_, n) => ({
    id: `r${n}`,
    rating: 5,
    body: 'good',
    author: 'ann',
    createdAt: '2024-01-01T00:00:00Z',
  }))
  await upsertProduct({ db, table }, { id, content, reviews: parseReviews(id, reviews) })
}

/** Reads the sort keys of all items of a product. */
const sortKeys = async (id: string) => (await productItems(db, table, id)).map(({ sk }) => sk)

describe('DELETE /products/{id}', () => {
  test('returns 204 without a body, and then the product is missing from every read', async () => {
    await put('a', { body: aProduct })
    await put('b', { body: aProduct })
    const deleted = await remove('a')
    expect(deleted).toMatchObject({
      statusCode: 204,
      headers: {
        'cache-control': 'no-store',
        'cache-status': 'aisle; fwd=method; detail=invalidation-deferred',
      },
    })
    expect(deleted.body).toBeUndefined()
    expect(deleted.headers['content-type']).toBeUndefined()
    expect(await get('a')).toMatchObject({
      statusCode: 404,
      json: { type: 'urn:aisle:problem:no-such-product' },
    })
    expect(await readProduct({ db, table }, 'a')).toBeUndefined()
    const batch = await call('getProducts', { query: { ids: 'a,b' } })
    expect(batch.json).toMatchObject({ items: [{ id: 'b' }], missing: ['a'] })
    for (const id of ['a', 'never']) {
      expect(await remove(id)).toMatchObject({
        statusCode: 404,
        json: { type: 'urn:aisle:problem:no-such-product' },
      })
    }
  })

  test('returns 412 with the current version if If-Match does not match, and keeps the product', async () => {
    const { headers, json } = await put('c', { body: aProduct })
    expect(await remove('c', { 'if-match': '"p-1"' })).toMatchObject({
      statusCode: 412,
      json: { currentVersion: json.version },
    })
    expect(await readProduct({ db, table }, 'c')).toEqual(json)
    expect((await remove('c', { 'if-match': headers.etag ?? '' })).statusCode).toBe(204)
  })

  test('returns 204 or 404 to each of two concurrent requests', async () => {
    await createReviewed('d', 2)
    const responses = await Promise.all([remove('d'), remove('d')])
    for (const { statusCode } of responses) expect([204, 404]).toContain(statusCode)
    expect(responses.map(({ statusCode }) => statusCode)).toContain(204)
    expect(await sortKeys('d')).toEqual(['PRODUCT'])
  })

  test('removes the cached product at once, and the next read caches that it does not exist', async () => {
    await freshRedis({ port: redisPort })
    await put('e', { body: aProduct })
    await expect.poll(async () => (await get('e')).headers['cache-status'], { timeout: 3000 }).toMatch(/hit/)
    await expect
      .poll(async () => (await put('e', { body: aProduct })).headers['cache-status'], { timeout: 3000 })
      .toMatch(/done/)
    await get('e')
    const removed = await remove('e')
    expect(removed.statusCode).toBe(204)
    expect((await get('e')).statusCode).toBe(404)
    const cached = await get('e')
    expect(cached.statusCode).toBe(404)
    expect(cached.headers['cache-status']).toMatch(/^aisle; hit/)
    // That entry is removed when the product is created again.
    await put('e', { body: aProduct })
    expect((await get('e')).statusCode).toBe(200)
  })
})

describe('deleteProduct', () => {
  test('deletes all reviews if several callers delete the product at the same time', async () => {
    await createReviewed('m', 150)
    const ends = await Promise.allSettled(Array.from({ length: 5 }, () => deleteProduct({ db, table }, 'm')))
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(NoSuchProduct)
    expect(ends.map(({ status }) => status)).toContain('fulfilled')
    expect(await sortKeys('m')).toEqual(['PRODUCT'])
  })

  test('queries the reviews again after a conflict with another caller, and deletes none twice', async () => {
    await createReviewed('l', 3)
    const batches: unknown[] = []
    const slow = interposed('TransactWriteItemsCommand', async (input) => {
      batches.push((input as TransactWriteCommandInput).TransactItems?.length)
      // The other caller deletes all reviews first, and this transaction conflicts with it.
      await deleteProduct({ db, table }, 'l')
      throw new TransactionCanceledException({
        message: 'conflict',
        $metadata: {},
        CancellationReasons: [{ Code: 'TransactionConflict' }],
      })
    })
    await deleteProduct({ db: slow, table }, 'l')
    expect(batches).toEqual([4])
    expect(await sortKeys('l')).toEqual(['PRODUCT'])
  })

  test('leaves a tombstone that is in no index, deletes the reviews, and keeps the marker of the category count', async () => {
    await createReviewed('t', 250)
    await db.send(new PutCommand({ TableName: table, Item: { ...countedKey('t'), category: 'x' } }))
    const before = await readProduct({ db, table }, 't')
    const { version } = await deleteProduct({ db, table }, 't')
    expect(version).toBeGreaterThan(before?.version ?? Number.POSITIVE_INFINITY)
    expect(await sortKeys('t')).toEqual(['COUNTED', 'PRODUCT'])
    const { Item = {} } = await db.send(new GetCommand({ TableName: table, Key: productKey('t') }))
    expect(Object.keys(Item).sort()).toEqual(
      ['deleted', 'expiresAt', 'id', 'pk', 'sk', 'updatedAt', 'version', 'writeId'].sort(),
    )
    expect(Math.abs(Item.expiresAt - Date.now() / 1000 - 90 * 24 * 3600)).toBeLessThan(60)
    const { Items } = await db.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'byCategory',
        KeyConditionExpression: 'category = :category',
        ExpressionAttributeValues: { ':category': content.category },
      }),
    )
    expect(Items?.map(({ pk }) => pk)).not.toContain(productKey('t').pk)
  })

  test('lets the tombstone expire only after the reviews are deleted, and continues an interrupted deletion', async () => {
    await createReviewed('i', 150)
    const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
    const chaos = loseResponses(client, 'TransactWriteItemsCommand')
    chaos.losses = 2
    await expect(deleteProduct({ db: client, table }, 'i')).rejects.toThrow('socket hang up')
    expect(await readStored({ db, table }, 'i')).toMatchObject({ deleted: true })
    expect(await readStored({ db, table }, 'i')).not.toHaveProperty('expiresAt')
    expect(await readProduct({ db, table }, 'i')).toBeUndefined()
    expect(await sortKeys('i')).toHaveLength(1 + 150 - 99)
    expect((await remove('i', { 'if-match': '"p-1"' })).statusCode).toBe(204)
    expect(await sortKeys('i')).toEqual(['PRODUCT'])
    expect(await readStored({ db, table }, 'i')).toHaveProperty('expiresAt')
    await expect(deleteProduct({ db, table }, 'i')).rejects.toThrow(NoSuchProduct)
  })

  test('passes none of the old reviews to a product that is created after an interrupted deletion', async () => {
    const ways: [string, (id: string) => Promise<unknown>][] = [
      ['put', (id) => putProduct({ db, table }, id, content)],
      ['post', (id) => call('postProduct', { body: { ...aProduct, id } })],
      ['import', (id) => upsertProduct({ db, table }, { id, content })],
    ]
    for (const [id, create] of ways) {
      await createReviewed(id, 120)
      const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
      loseResponses(client, 'TransactWriteItemsCommand').losses = 2
      await deleteProduct({ db: client, table }, id).catch(() => {})
      expect(await sortKeys(id)).toHaveLength(22)
      await create(id)
      expect(await readProduct({ db, table }, id)).toMatchObject({ rating: { average: 0, count: 0 } })
      expect(await sortKeys(id)).toEqual(['PRODUCT'])
    }
  })

  test('changes nothing of a product that was created again meanwhile', async () => {
    // The slow deletion is about to delete reviews that it found; or it found none and is about to set the expiry.
    for (const [step, reviews] of [
      ['TransactWriteItemsCommand', 3],
      ['UpdateItemCommand', 0],
    ] as const) {
      await createReviewed(step, reviews)
      // Another writer finishes the deletion, and creates the product again.
      const slow = interposed(step, () => createReviewed(step, 3))
      await deleteProduct({ db: slow, table }, step)
      expect(await sortKeys(step)).toEqual(['PRODUCT', 'REVIEW#r0', 'REVIEW#r1', 'REVIEW#r2'])
      expect(await readProduct({ db, table }, step)).toMatchObject({ rating: { count: 3 } })
      expect(await readStored({ db, table }, step)).not.toHaveProperty('expiresAt')
    }
  })

  test('leaves a tombstone that takes no review', async () => {
    await createReviewed('r', 1)
    await remove('r')
    const posted = await call('postReview', {
      path: { id: 'r' },
      body: { rating: 5, body: 'late', author: 'bob' },
    })
    expect(posted.statusCode).toBe(404)
    expect(await sortKeys('r')).toEqual(['PRODUCT'])
  })
})

test('a deletion whose response was lost is retried, and recognises its own success', async () => {
  const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
  const { version } = await putProduct({ db: client, table }, 'own', content)
  const chaos = loseResponses(client, 'PutItemCommand')
  chaos.losses = 1
  expect(await deleteProduct({ db: client, table }, 'own', { match: [version] })).toMatchObject({
    value: undefined,
  })
  expect(chaos.losses).toBe(0)
})
