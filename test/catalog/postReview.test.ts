import { randomUUID } from 'node:crypto'
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toReviewItem } from '../../lib/catalog/reviews/review.ts'
import { maxDepth, maxReplies, maxReplyBytes } from '../../lib/catalog/reviews/thread.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { allItems } from '../support/importing.ts'
import { freshRedis } from '../support/redis.ts'

const { call, get, put, db, table, redisPort } = await freshHandlers()

const aReview = { rating: 4, title: 'Solid', body: 'Makes good coffee.', author: 'Ana' }
const aReply = { body: 'It does.', author: 'Ben' }
const post = (id: string, body: unknown, request: Call = {}) =>
  call('postReview', { path: { id }, body, ...request })
const reviewsOf = async (id: string) => (await call('getReviews', { path: { id } })).json.items

describe('POST /products/{id}/reviews', () => {
  test('adds a review, and returns 201 with Location and the review as a read returns it', async () => {
    await put('a', { body: aProduct })
    const before = Date.now()
    const response = await post('a', aReview)
    expect(response).toMatchObject({
      statusCode: 201,
      headers: { location: `/products/a/reviews#${response.json.id}`, 'cache-control': 'no-store' },
    })
    const { id, createdAt, ...rest } = response.json
    expect(id).toMatch(/^[\da-f-]{36}$/)
    expect(Math.abs(Date.parse(createdAt) - before)).toBeLessThan(5000)
    expect(rest).toEqual({ productId: 'a', ...aReview, replies: [] })
    expect(await reviewsOf('a')).toEqual([response.json])
  })

  test('adds a reply to the review that it replies to', async () => {
    await put('b', { body: aProduct })
    const { json: review } = await post('b', aReview)
    const { json: reply } = await post('b', { ...aReply, parentId: review.id })
    const { json: deeper } = await post('b', { ...aReply, parentId: reply.id })
    expect(await reviewsOf('b')).toEqual([{ ...review, replies: [{ ...reply, replies: [deeper] }] }])
    expect(reply).not.toHaveProperty('rating')
  })

  test('shows in the next read of product, page and reviews, even if all were hits before', async () => {
    await put('c', { body: aProduct })
    await freshRedis({ port: redisPort })
    const readAll = async () => ({
      product: await get('c'),
      page: await call('getPage', { path: { id: 'c' } }),
      reviews: await call('getReviews', { path: { id: 'c' } }),
    })
    await expect
      .poll(async () => (await readAll()).reviews.headers['cache-status'], { timeout: 3000 })
      .toMatch(/hit/)
    for (const { headers } of Object.values(await readAll())) expect(headers['cache-status']).toMatch(/hit/)
    const review = await post('c', aReview)
    expect(review.headers['cache-status']).toBe('aisle; fwd=method; detail=invalidation-done')
    const { product, page, reviews } = await readAll()
    expect(product.json.rating).toEqual({ average: 4, count: 1 })
    expect(page.json).toMatchObject({ rating: { average: 4, count: 1 }, reviews: [review.json] })
    expect(reviews.json.items).toEqual([review.json])
    const reply = await post('c', { ...aReply, parentId: review.json.id })
    const after = await readAll()
    expect(after.page.json.reviews[0].replies).toEqual([reply.json])
    expect(after.reviews.json.items[0].replies).toEqual([reply.json])
  })

  test('succeeds and reports a deferred invalidation if Redis is away', async () => {
    await put('d', { body: aProduct })
    const { statusCode, headers } = await post('d', aReview)
    expect(statusCode).toBe(201)
    expect(headers['cache-status']).toBe('aisle; fwd=method; detail=invalidation-deferred')
    expect(await reviewsOf('d')).toHaveLength(1)
  })

  test('adds one review, however often it is sent with the same idempotency key', async () => {
    await put('e', { body: aProduct })
    const headers = { 'idempotency-key': randomUUID() }
    const first = await post('e', aReview, { headers })
    const second = await post('e', aReview, { headers })
    expect(second).toMatchObject({
      statusCode: 201,
      headers: { location: first.headers.location },
      json: first.json,
    })
    expect((await post('e', { ...aReview, rating: 1 }, { headers })).statusCode).toBe(422)
    expect((await get('e')).json.rating).toEqual({ average: 4, count: 1 })
    expect(await reviewsOf('e')).toHaveLength(1)
  })
})

describe('POST /products/{id}/reviews refuses a review', () => {
  const write = { subject: 'x', name: 'X', scope: 'reviews:write' }
  const bad: [string, number, unknown, Call?, object?][] = [
    ['without a token', 401, aReview, { authorizer: { refusal: 'Send a token' } }],
    ['with a token for the catalogue only', 403, aReview, { authorizer: { scope: 'catalog:write' } }],
    [
      'with another content type',
      415,
      '{}',
      { headers: { 'content-type': 'text/plain' }, authorizer: write },
    ],
    ['of an invalid product id', 400, aReview, { path: { id: 'a/b' } }],
    ['that is malformed', 400, '{"rating":'],
    ['that is a list instead of an object', 422, '[]', {}, [{ pointer: '' }]],
    ['without a rating', 422, { ...aReview, rating: undefined }, {}, [{ pointer: '/rating' }]],
    ['with six stars', 422, { ...aReview, rating: 6 }, {}, [{ pointer: '/rating' }]],
    ['with half a star', 422, { ...aReview, rating: 4.5 }, {}, [{ pointer: '/rating' }]],
    ['with a blank body', 422, { ...aReview, body: ' ' }, {}, [{ pointer: '/body' }]],
    [
      'without an author, if the token may name authors and has no name',
      422,
      { ...aReview, author: undefined },
      { authorizer: { scope: 'catalog:write reviews:write' } },
      [{ pointer: '/author' }],
    ],
    ['with an id of its own', 422, { ...aReview, id: 'mine' }, {}, [{ pointer: '/id' }]],
    [
      'with a time of its own',
      422,
      { ...aReview, createdAt: '2026-01-01T00:00:00Z' },
      {},
      [{ pointer: '/createdAt' }],
    ],
    ['that is too long', 422, { ...aReview, body: 'x'.repeat(5001) }, {}, [{ pointer: '/body' }]],
    ['that is a reply with a rating', 422, { ...aReview, parentId: 'r' }, {}, [{ pointer: '/rating' }]],
    ['that replies to an invalid id', 422, { ...aReply, parentId: '#' }, {}, [{ pointer: '/parentId' }]],
    [
      'that replies to a missing review',
      422,
      { ...aReply, parentId: 'missing' },
      {},
      [{ pointer: '/parentId' }],
    ],
    ['of a missing product', 404, aReview, { path: { id: 'nothing' } }],
    [
      'that replies to a review of a missing product',
      404,
      { ...aReply, parentId: 'r' },
      { path: { id: 'nothing' } },
    ],
  ]
  for (const [what, status, body, request, errors] of bad) {
    test(`${what} with ${status}, and writes nothing`, async () => {
      await put('bad', { body: aProduct })
      const before = await allItems(db, table)
      const { statusCode, headers, json } = await post('bad', body, request)
      expect(statusCode).toBe(status)
      expect(headers['content-type']).toBe('application/problem+json')
      if (errors) expect(json.errors).toMatchObject(errors)
      if (status === 404) expect(json.type).toBe('urn:aisle:problem:no-such-product')
      expect(await allItems(db, table)).toEqual(before)
    })
  }

  test('of a deleted product with 404, and writes nothing', async () => {
    await put('gone', { body: aProduct })
    const { Item } = await db.send(new GetCommand({ TableName: table, Key: productKey('gone') }))
    const tombstone = {
      ...productKey('gone'),
      id: 'gone',
      deleted: true,
      version: Item?.version + 1,
      writeId: 'x',
    }
    await db.send(new PutCommand({ TableName: table, Item: tombstone }))
    const before = await allItems(db, table)
    expect((await post('gone', aReview)).statusCode).toBe(404)
    expect((await post('gone', { ...aReply, parentId: 'r' })).statusCode).toBe(404)
    expect(await allItems(db, table)).toEqual(before)
  })
})

describe('a thread', () => {
  /** Creates a product with a review and these replies. */
  async function createThread(id: string, replies: object[]) {
    await put(id, { body: aProduct })
    const createdAt = '2026-01-01T00:00:00Z'
    const reviews = [{ ...aReview, id: 'r' }, ...replies.map((reply) => ({ ...aReply, ...reply }))]
    for (const review of parseReviews(
      id,
      reviews.map((review) => ({ ...review, createdAt })),
    ))
      await db.send(new PutCommand({ TableName: table, Item: toReviewItem(review) }))
  }
  const replyTo = (id: string, parentId: string) => post(id, { ...aReply, parentId })

  test('is limited in depth', async () => {
    const chain = Array.from({ length: maxDepth }, (_, n) => ({
      id: `x${n + 1}`,
      parentId: n === 0 ? 'r' : `x${n}`,
    }))
    await createThread('deep', chain)
    expect((await replyTo('deep', `x${maxDepth - 1}`)).statusCode).toBe(201)
    expect(await replyTo('deep', `x${maxDepth}`)).toMatchObject({
      statusCode: 422,
      json: { errors: [{ pointer: '/parentId', detail: `Replies are at most ${maxDepth} levels deep` }] },
    })
  })

  test('is limited in the number of replies, at all depths together', async () => {
    await createThread(
      'long',
      Array.from({ length: maxReplies - 1 }, (_, n) => ({ id: `x${n}`, parentId: 'r' })),
    )
    expect((await replyTo('long', 'x7')).statusCode).toBe(201)
    for (const parent of ['r', 'x7']) {
      expect(await replyTo('long', parent)).toMatchObject({
        statusCode: 422,
        json: {
          errors: [{ pointer: '/parentId', detail: expect.stringContaining(`${maxReplies} replies`) }],
        },
      })
    }
    expect((await post('long', aReview)).statusCode).toBe(201)
  })

  test('is limited in the bytes of its replies', async () => {
    const body = 'x'.repeat(5000)
    const fit = Math.floor(maxReplyBytes / 5140)
    await createThread(
      'wide',
      Array.from({ length: fit }, (_, n) => ({ id: `x${n}`, parentId: 'r', body })),
    )
    const responses = [await replyTo('wide', 'r')]
    while (responses.at(-1)?.statusCode === 201 && responses.length < 30)
      responses.push(await replyTo('wide', 'r'))
    expect(responses.at(-1)).toMatchObject({
      statusCode: 422,
      json: { errors: [{ pointer: '/parentId', detail: expect.stringContaining('bytes') }] },
    })
    // The whole thread still fits into one response.
    expect((await reviewsOf('wide'))[0].replies).toHaveLength(fit + responses.length - 1)
  })
})
