import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { NoSuchProduct } from '../../lib/catalog/errors.ts'
import { deleteProduct } from '../../lib/catalog/product/deleteProduct.ts'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readProduct, readStored } from '../../lib/catalog/product/readProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { countedKey, productKey } from '../../lib/catalog/table/items.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { loseAnswers } from '../support/loseAnswers.ts'
import { freshRedis } from '../support/redis.ts'

const { call, get, put, db, table, redisPort } = await freshHandlers()
const remove = (id: string, headers: Record<string, string> = {}) =>
  call('deleteProduct', { path: { id }, headers })
const { content } = parseProduct(aProduct)

/** A product with this many reviews. */
async function reviewed(id: string, count: number) {
  const reviews = Array.from({ length: count }, (_, n) => ({
    id: `r${n}`,
    rating: 5,
    body: 'good',
    author: 'ann',
    createdAt: '2024-01-01T00:00:00Z',
  }))
  await upsertProduct({ db, table }, { id, content, reviews: parseReviews(id, reviews) })
}

/** The sort keys of all that lies below a product. */
async function below(id: string): Promise<string[]> {
  const { Items = [] } = await db.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': productKey(id).pk },
      ProjectionExpression: 'sk',
    }),
  )
  return Items.map(({ sk }) => sk)
}

describe('DELETE /products/{id}', () => {
  test('answers 204 without a body, and then there is no product: 404, also to a batch and to another DELETE', async () => {
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

  test('honours If-Match: 412 with the current version, and the product stays', async () => {
    const { headers, json } = await put('c', { body: aProduct })
    expect(await remove('c', { 'if-match': '"p-1"' })).toMatchObject({
      statusCode: 412,
      json: { currentVersion: json.version },
    })
    expect(await readProduct({ db, table }, 'c')).toEqual(json)
    expect((await remove('c', { 'if-match': headers.etag ?? '' })).statusCode).toBe(204)
  })

  test('of two at the same moment each finds it deleted', async () => {
    await reviewed('d', 2)
    const answers = await Promise.all([remove('d'), remove('d')])
    for (const { statusCode } of answers) expect([204, 404]).toContain(statusCode)
    expect(answers.map(({ statusCode }) => statusCode)).toContain(204)
    expect(await below('d')).toEqual(['PRODUCT'])
  })

  test('the cached product is gone at once, and "does not exist" is cached instead', async () => {
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
    // And leaves when the product comes back.
    await put('e', { body: aProduct })
    expect((await get('e')).statusCode).toBe(200)
  })
})

describe('a tombstone', () => {
  test('with many reviews is cleared by many at the same moment, each of whom finds it deleted', async () => {
    await reviewed('m', 150)
    const ends = await Promise.allSettled(Array.from({ length: 5 }, () => deleteProduct({ db, table }, 'm')))
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(NoSuchProduct)
    expect(ends.map(({ status }) => status)).toContain('fulfilled')
    expect(await below('m')).toEqual(['PRODUCT'])
  })

  test('that another clears at the same time is looked at again, and nothing that is gone is deleted', async () => {
    await reviewed('l', 3)
    const batches: number[] = []
    const late = Object.create(db, {
      send: {
        value: async (command: { input: { TransactItems?: unknown[] } }, ...rest: []) => {
          const { TransactItems } = command.input
          if (!TransactItems) return db.send(command as never, ...rest)
          batches.push(TransactItems.length)
          // The other one is faster, and this one is told that they met.
          await deleteProduct({ db, table }, 'l')
          throw new TransactionCanceledException({
            message: 'met another',
            $metadata: {},
            CancellationReasons: [{ Code: 'TransactionConflict' }],
          })
        },
      },
    })
    await deleteProduct({ db: late, table }, 'l')
    expect(batches).toEqual([4])
    expect(await below('l')).toEqual(['PRODUCT'])
  })

  test('takes the place of the product, in no index; its reviews go, the mark of its counting stays', async () => {
    await reviewed('t', 250)
    await db.send(new PutCommand({ TableName: table, Item: { ...countedKey('t'), category: 'x' } }))
    const before = await readProduct({ db, table }, 't')
    const { version } = await deleteProduct({ db, table }, 't')
    expect(version).toBeGreaterThan(before?.version ?? Number.POSITIVE_INFINITY)
    expect(await below('t')).toEqual(['COUNTED', 'PRODUCT'])
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

  test('does not expire before the reviews are gone; the next DELETE goes on where one was interrupted', async () => {
    await reviewed('i', 150)
    const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
    const chaos = loseAnswers(client, 'TransactWriteItemsCommand')
    chaos.losses = 2
    await expect(deleteProduct({ db: client, table }, 'i')).rejects.toThrow('socket hang up')
    expect(await readStored({ db, table }, 'i')).toMatchObject({ deleted: true })
    expect(await readStored({ db, table }, 'i')).not.toHaveProperty('expiresAt')
    expect(await readProduct({ db, table }, 'i')).toBeUndefined()
    expect(await below('i')).toHaveLength(1 + 150 - 99)
    expect((await remove('i', { 'if-match': '"p-1"' })).statusCode).toBe(204)
    expect(await below('i')).toEqual(['PRODUCT'])
    expect(await readStored({ db, table }, 'i')).toHaveProperty('expiresAt')
    await expect(deleteProduct({ db, table }, 'i')).rejects.toThrow(NoSuchProduct)
  })

  test('what is created over one that was interrupted has none of the old reviews, however it is created', async () => {
    const ways: [string, (id: string) => Promise<unknown>][] = [
      ['put', (id) => putProduct({ db, table }, id, content)],
      ['post', (id) => call('postProduct', { body: { ...aProduct, id } })],
      ['import', (id) => upsertProduct({ db, table }, { id, content })],
    ]
    for (const [id, create] of ways) {
      await reviewed(id, 120)
      const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
      loseAnswers(client, 'TransactWriteItemsCommand').losses = 2
      await deleteProduct({ db: client, table }, id).catch(() => {})
      expect(await below(id)).toHaveLength(22)
      await create(id)
      expect(await readProduct({ db, table }, id)).toMatchObject({ rating: { average: 0, count: 0 } })
      expect(await below(id)).toEqual(['PRODUCT'])
    }
  })

  test('a slow deletion neither clears away nor lets expire what was created meanwhile', async () => {
    // When it has found reviews and is about to delete them; and when there are none and it is about to be done.
    for (const [step, reviews] of [
      ['TransactItems', 3],
      ['UpdateExpression', 0],
    ] as const) {
      await reviewed(step, reviews)
      const slow = Object.create(db, {
        send: {
          value: async (command: { input: object }, ...rest: []) => {
            // Somebody else finishes its work, and creates the product again.
            if (step in command.input) await reviewed(step, 3)
            return db.send(command as never, ...rest)
          },
        },
      })
      await deleteProduct({ db: slow, table }, step)
      expect(await below(step)).toEqual(['PRODUCT', 'REVIEW#r0', 'REVIEW#r1', 'REVIEW#r2'])
      expect(await readProduct({ db, table }, step)).toMatchObject({ rating: { count: 3 } })
      expect(await readStored({ db, table }, step)).not.toHaveProperty('expiresAt')
    }
  })

  test('no review is added to it', async () => {
    await reviewed('r', 1)
    await remove('r')
    const posted = await call('postReview', {
      path: { id: 'r' },
      body: { rating: 5, body: 'late', author: 'bob' },
    })
    expect(posted.statusCode).toBe(404)
    expect(await below('r')).toEqual(['PRODUCT'])
  })
})

test('a deletion whose answer was lost is repeated, and knows its own success', async () => {
  const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
  const { version } = await putProduct({ db: client, table }, 'own', content)
  const chaos = loseAnswers(client, 'PutItemCommand')
  chaos.losses = 1
  expect(await deleteProduct({ db: client, table }, 'own', { match: [version] })).toMatchObject({
    value: undefined,
  })
  expect(chaos.losses).toBe(0)
})
