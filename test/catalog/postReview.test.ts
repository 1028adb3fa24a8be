import { randomUUID } from 'node:crypto'
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toReviewItem } from '../../lib/catalog/reviews/review.ts'
import { maxDepth, maxReplies, maxReplyBytes } from '../../lib/catalog/reviews/thread.ts'
import { productKey } from '../../lib/catalog/table/items.ts'
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
  test('adds a review: 201 with Location and the review as it is read', async () => {
    await put('a', { body: aProduct })
    const before = Date.now()
    const answer = await post('a', aReview)
    expect(answer).toMatchObject({
      statusCode: 201,
      headers: { location: `/products/a/reviews#${answer.json.id}`, 'cache-control': 'no-store' },
    })
    const { id, createdAt, ...said } = answer.json
    expect(id).toMatch(/^[\da-f-]{36}$/)
    expect(Math.abs(Date.parse(createdAt) - before)).toBeLessThan(5000)
    expect(said).toEqual({ productId: 'a', ...aReview, replies: [] })
    expect(await reviewsOf('a')).toEqual([answer.json])
  })

  test('a reply stands under what it answers', async () => {
    await put('b', { body: aProduct })
    const { json: review } = await post('b', aReview)
    const { json: reply } = await post('b', { ...aReply, parentId: review.id })
    const { json: deeper } = await post('b', { ...aReply, parentId: reply.id })
    expect(await reviewsOf('b')).toEqual([{ ...review, replies: [{ ...reply, replies: [deeper] }] }])
    expect(reply).not.toHaveProperty('rating')
  })

  test('is seen by the next reads of product, page and reviews, and all of them were hits before', async () => {
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

  test('says so when the cached copies could not be removed, and is done all the same', async () => {
    await put('d', { body: aProduct })
    const { statusCode, headers } = await post('d', aReview)
    expect(statusCode).toBe(201)
    expect(headers['cache-status']).toBe('aisle; fwd=method; detail=invalidation-deferred')
    expect(await reviewsOf('d')).toHaveLength(1)
  })

  test('with an idempotency key is one review, however often it is sent', async () => {
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

describe('a review that cannot be is refused, and nothing is written', () => {
  const write = { subject: 'x', scope: 'reviews:write' }
  const bad: [string, number, unknown, Call?, object?][] = [
    ['without a token', 401, aReview, { authorizer: { refusal: 'Send a token' } }],
    ['with a token for the catalog only', 403, aReview, { authorizer: { scope: 'catalog:write' } }],
    ['in another content type', 415, '{}', { headers: { 'content-type': 'text/plain' }, authorizer: write }],
    ['of an id that is none', 400, aReview, { path: { id: 'a/b' } }],
    ['that is malformed', 400, '{"rating":'],
    ['that is no object', 422, '[]', {}, [{ pointer: '' }]],
    ['without a rating', 422, { ...aReview, rating: undefined }, {}, [{ pointer: '/rating' }]],
    ['with six stars', 422, { ...aReview, rating: 6 }, {}, [{ pointer: '/rating' }]],
    ['with half a star', 422, { ...aReview, rating: 4.5 }, {}, [{ pointer: '/rating' }]],
    ['that says nothing', 422, { ...aReview, body: ' ' }, {}, [{ pointer: '/body' }]],
    ['of nobody', 422, { ...aReview, author: undefined }, {}, [{ pointer: '/author' }]],
    ['that names its own id', 422, { ...aReview, id: 'mine' }, {}, [{ pointer: '/id' }]],
    [
      'that names its own time',
      422,
      { ...aReview, createdAt: '2026-01-01T00:00:00Z' },
      {},
      [{ pointer: '/createdAt' }],
    ],
    ['that is too long', 422, { ...aReview, body: 'x'.repeat(5001) }, {}, [{ pointer: '/body' }]],
    ['that is a reply with a rating', 422, { ...aReview, parentId: 'r' }, {}, [{ pointer: '/rating' }]],
    ['that answers what is no id', 422, { ...aReply, parentId: '#' }, {}, [{ pointer: '/parentId' }]],
    ['that answers nothing there', 422, { ...aReply, parentId: 'nobody' }, {}, [{ pointer: '/parentId' }]],
    ['of no product', 404, aReview, { path: { id: 'nothing' } }],
    ['that answers a review of no product', 404, { ...aReply, parentId: 'r' }, { path: { id: 'nothing' } }],
  ]
  for (const [what, status, body, request, errors] of bad) {
    test(`one ${what} is ${status}`, async () => {
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

  test('one of a product that was deleted is 404', async () => {
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

describe('a thread has limits', () => {
  /** A product with a review and these replies. */
  async function given(id: string, replies: object[]) {
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

  test('in depth', async () => {
    const chain = Array.from({ length: maxDepth }, (_, n) => ({
      id: `x${n + 1}`,
      parentId: n === 0 ? 'r' : `x${n}`,
    }))
    await given('deep', chain)
    expect((await replyTo('deep', `x${maxDepth - 1}`)).statusCode).toBe(201)
    expect(await replyTo('deep', `x${maxDepth}`)).toMatchObject({
      statusCode: 422,
      json: { errors: [{ pointer: '/parentId', detail: `Replies lie at most ${maxDepth} deep` }] },
    })
  })

  test('in the number of replies, wherever they stand in it', async () => {
    await given(
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

  test('in bytes', async () => {
    const body = 'x'.repeat(5000)
    const fit = Math.floor(maxReplyBytes / 5140)
    await given(
      'wide',
      Array.from({ length: fit }, (_, n) => ({ id: `x${n}`, parentId: 'r', body })),
    )
    const answers = [await replyTo('wide', 'r')]
    while (answers.at(-1)?.statusCode === 201 && answers.length < 30) answers.push(await replyTo('wide', 'r'))
    expect(answers.at(-1)).toMatchObject({
      statusCode: 422,
      json: { errors: [{ pointer: '/parentId', detail: expect.stringContaining('bytes') }] },
    })
    // The whole thread is still one answer.
    expect((await reviewsOf('wide'))[0].replies).toHaveLength(fit + answers.length - 1)
  })
})
