import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { deleteProduct } from '../../lib/catalog/product/deleteProduct.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { clearThread, deleteReview } from '../../lib/catalog/reviews/deleteReview.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { postReview } from '../../lib/catalog/reviews/postReview.ts'
import { toTombstone } from '../../lib/catalog/table/items.ts'
import { productKey, reviewKey } from '../../lib/catalog/table/keys.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { allItems } from '../support/importing.ts'
import { freshRedis } from '../support/redis.ts'
import { customer, moderator, ratingAndReviews, removeReview } from '../support/reviewers.ts'

const { call, get, put, db, table, redisPort } = await freshHandlers()
const { content } = parseProduct(aProduct)

const stars = (rating: number) => ({ rating, body: `${rating} stars` })
const [ann, bea] = [customer('ann'), customer('bea')]
const post = async (id: string, body: unknown, authorizer: object = ann) =>
  (await call('postReview', { path: { id }, body, authorizer })).json
const reply = (id: string, parentId: string, authorizer: object = bea) =>
  post(id, { parentId, body: 'Why?' }, authorizer)
const remove = (id: string, reviewId: string, authorizer: object = ann) =>
  call('deleteReview', { path: { id, reviewId }, authorizer })
const reviewsOf = async (id: string) => (await call('getReviews', { path: { id } })).json.items
/** Polls the reviews, because without Redis a function serves its own last load for a second. */
const expectReviews = (id: string) => expect.poll(() => reviewsOf(id), { timeout: 3000 })
const sortKeys = async (id: string) =>
  [...(await allItems(db, table)).values()]
    .filter(({ pk, sk }) => pk === `PRODUCT#${id}` && sk !== 'COUNTED')
    .map(({ sk }) => sk)

/** Imports a product with a review `r` and this many replies. */
const imported = (id: string, replies = 0) =>
  upsertProduct(
    { db, table },
    {
      id,
      content,
      reviews: parseReviews(id, [
        { id: 'r', ...stars(2), author: 'Al', createdAt: '2026-01-01T00:00:00Z' },
        ...Array.from({ length: replies }, (_, n) => ({
          ...{ id: `x${n}`, parentId: 'r', body: 'Yes', author: 'Bo', createdAt: '2026-01-02T00:00:00Z' },
        })),
      ]),
    },
  )

describe('DELETE /products/{id}/reviews/{reviewId}', () => {
  for (const [who, authorizer] of [
    ['its author', ann],
    ['a moderator', moderator],
  ] as const)
    test(`removes a review for ${who}: it leaves nothing, and the rating and the version follow`, async () => {
      const id = `by-${authorizer.subject}`
      await put(id, { body: aProduct })
      await post(id, stars(5), bea)
      const { id: reviewId } = await post(id, stars(1))
      const { version } = await ratingAndReviews(db, table, id)
      expect(await remove(id, reviewId, authorizer)).toMatchObject({
        statusCode: 204,
        headers: { 'cache-control': 'no-store' },
      })
      const after = await ratingAndReviews(db, table, id)
      expect(after.version).toBeGreaterThan(version)
      expect(after.stored).toEqual(after.counted)
      expect((await get(id)).json.rating).toEqual({ average: 5, count: 1 })
      expect(await reviewsOf(id)).toMatchObject([{ rating: 5 }])
      expect(await sortKeys(id)).toHaveLength(3)
    })

  test('removes the thread of a review', async () => {
    await put('thread', { body: aProduct })
    const { id } = await post('thread', stars(1))
    const { id: first } = await reply('thread', id)
    await reply('thread', first, ann)
    expect((await remove('thread', id)).statusCode).toBe(204)
    expect(await reviewsOf('thread')).toEqual([])
    expect(await sortKeys('thread')).toEqual(['PRODUCT'])
  })

  test('removes a reply alone. The replies to it are shown below the review', async () => {
    await put('reply', { body: aProduct })
    const review = await post('reply', stars(1))
    const answer = await reply('reply', review.id)
    const deeper = await reply('reply', answer.id, ann)
    expect((await remove('reply', answer.id, bea)).statusCode).toBe(204)
    expect(await reviewsOf('reply')).toEqual([{ ...review, replies: [deeper] }])
    expect((await get('reply')).json.rating).toEqual({ average: 1, count: 1 })
  })

  test('lets the author review the product again, as a new review', async () => {
    await put('anew', { body: aProduct })
    const { id } = await post('anew', stars(1))
    await remove('anew', id)
    const again = await call('postReview', { path: { id: 'anew' }, body: stars(4), authorizer: ann })
    expect(again.statusCode).toBe(201)
    expect(again.json.id).not.toBe(id)
    expect((await get('anew')).json.rating).toEqual({ average: 4, count: 1 })
  })

  test('shows in the next read of product, page and reviews, even if all were hits before', async () => {
    await put('hits', { body: aProduct })
    const { id } = await post('hits', stars(1))
    const server = await freshRedis({ port: redisPort })
    const readAll = async () => ({
      product: await get('hits'),
      page: await call('getPage', { path: { id: 'hits' } }),
      reviews: await call('getReviews', { path: { id: 'hits' } }),
    })
    const isHit = async () =>
      Object.values(await readAll()).every(({ headers }) => /hit/.test(headers['cache-status'] ?? ''))
    await expect.poll(isHit, { timeout: 5000 }).toBe(true)
    expect((await remove('hits', id)).headers['cache-status']).toBe(
      'aisle; fwd=method; detail=invalidation-done',
    )
    const { product, page, reviews } = await readAll()
    expect(product.json.rating).toEqual({ average: 0, count: 0 })
    expect(page.json).toMatchObject({ rating: { count: 0 }, reviews: [] })
    expect(reviews.json.items).toEqual([])
    await server.stop('SIGKILL')
  })

  test('removes a review that was stored without a subject for a moderator only, and later imports do not bring it back', async () => {
    await imported('old', 2)
    expect(await remove('old', 'r', ann)).toMatchObject({
      statusCode: 403,
      json: { type: 'urn:aisle:problem:not-your-review' },
    })
    await expectReviews('old').toMatchObject([{ id: 'r', replies: [{}, {}] }])
    expect((await remove('old', 'x1', moderator)).statusCode).toBe(204)
    expect((await imported('old', 2)).reviewsAdded).toBe(0)
    await expectReviews('old').toMatchObject([{ id: 'r', replies: [{ id: 'x0' }] }])
    expect((await remove('old', 'r', moderator)).statusCode).toBe(204)
    expect((await imported('old', 3)).reviewsAdded).toBe(0)
    await expectReviews('old').toEqual([])
    await expect.poll(async () => (await get('old')).json.rating).toEqual({ average: 0, count: 0 })
    // What is left says nothing of what was written.
    const left = [...(await allItems(db, table)).values()].filter(
      ({ pk, sk }) => pk === 'PRODUCT#old' && String(sk).startsWith('REVIEW'),
    )
    expect(left.map(({ sk }) => sk)).toEqual(['REVIEW#r', 'REVIEW#x1'])
    for (const item of left)
      for (const name of ['body', 'author', 'title', 'rating', 'thread'])
        expect(item).not.toHaveProperty(name)
    expect((await remove('old', 'r', moderator)).statusCode).toBe(404)
  })

  test('removes a thread of 250 replies, which takes several transactions', async () => {
    await imported('large', 250)
    expect((await remove('large', 'r', moderator)).statusCode).toBe(204)
    expect(await reviewsOf('large')).toEqual([])
    expect(await sortKeys('large')).toEqual(['PRODUCT', 'REVIEW#r'])
  })
})

describe('DELETE /products/{id}/reviews/{reviewId} refuses', () => {
  const cases: [string, number, string, object | null, string?][] = [
    ['a request without a token', 401, 'no-valid-token', { refusal: 'Send a token' }],
    ['a token for the catalogue only', 403, 'insufficient-scope', { subject: 'ann', scope: 'catalog:write' }],
    ['a token without a subject', 403, 'unnamed-reviewer', { name: 'Ann', scope: 'reviews:write' }],
    ['the review of another customer', 403, 'not-your-review', bea],
    [
      'the review of another customer, with catalog:write',
      403,
      'not-your-review',
      { subject: 'bea', scope: 'reviews:write catalog:write' },
    ],
    ['a review that does not exist', 404, 'no-such-review', ann, 'none'],
    ['a review that does not exist, for a moderator', 404, 'no-such-review', moderator, 'none'],
    ['an invalid id', 400, 'invalid-id', ann, '-'],
  ]
  for (const [what, status, type, authorizer, reviewId] of cases)
    test(`${what} with ${status}, and writes nothing`, async () => {
      await put('kept', { body: aProduct })
      const { id } = await post('kept', stars(3))
      const before = await allItems(db, table)
      expect(await remove('kept', reviewId ?? id, authorizer ?? {})).toMatchObject({
        statusCode: status,
        headers: { 'content-type': 'application/problem+json' },
        json: { type: `urn:aisle:problem:${type}` },
      })
      expect(await allItems(db, table)).toEqual(before)
    })

  test('a product that does not exist with 404', async () => {
    for (const authorizer of [ann, moderator])
      expect(await remove('nothing', 'r', authorizer)).toMatchObject({
        statusCode: 404,
        json: { type: 'urn:aisle:problem:no-such-product' },
      })
  })

  test('a product whose deletion was interrupted before its reviews were deleted with 404', async () => {
    await put('gone', { body: aProduct })
    const { id } = await post('gone', stars(3))
    const { version } = await ratingAndReviews(db, table, 'gone')
    await db.send(new PutCommand({ TableName: table, Item: toTombstone({ id: 'gone', version }, 'w') }))
    for (const authorizer of [ann, moderator])
      expect(await remove('gone', id, authorizer)).toMatchObject({
        statusCode: 404,
        json: { type: 'urn:aisle:problem:no-such-product' },
      })
  })

  test('the review of a product that cannot be read with 500, and writes nothing', async () => {
    await put('unreadable', { body: aProduct })
    const { id } = await post('unreadable', stars(3))
    await db.send(
      new UpdateCommand({
        TableName: table,
        Key: productKey('unreadable'),
        UpdateExpression: 'SET title = :title',
        ExpressionAttributeValues: { ':title': 7 },
      }),
    )
    const before = await allItems(db, table)
    for (const authorizer of [ann, moderator])
      expect(await remove('unreadable', id, authorizer)).toMatchObject({
        statusCode: 500,
        json: { type: 'urn:aisle:problem:stored-product-unreadable' },
      })
    expect(await allItems(db, table)).toEqual(before)
  })

  test('a second removal of the same review with 404', async () => {
    await put('twice', { body: aProduct })
    const { id } = await post('twice', stars(3))
    expect((await remove('twice', id)).statusCode).toBe(204)
    expect((await remove('twice', id)).statusCode).toBe(404)
    expect((await get('twice')).json.rating).toEqual({ average: 0, count: 0 })
  })
})

describe('a removal', () => {
  const draft = (rating: number, subject?: string) => ({ ...stars(rating), author: 'Ann', subject })

  /** Returns a client whose requests after the first transaction fail, as if the process had died. */
  async function interrupted() {
    const fresh = await freshTables()
    await upsertProduct(fresh, { id: 'p', content })
    const { review } = await postReview(fresh, 'p', draft(2, 'ann'))
    for (let n = 0; n < 120; n++)
      await postReview(fresh, 'p', { parentId: review.id, body: 'Yes', author: 'Bo', subject: `bo${n}` })
    let transactions = 0
    let isDead = true
    fresh.db.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (isDead && commandName === 'TransactWriteItemsCommand' && transactions++ >= 1)
            throw Object.assign(new Error('The process died'), { name: 'AbortError' })
          return next(args)
        },
      { step: 'initialize' },
    )
    const revive = () => {
      isDead = false
    }
    const read = async () => {
      const { readThreads } = await import('../../lib/catalog/reviews/readThreads.ts')
      return (await readThreads(fresh, 'p', { count: 20 })).threads
    }
    return { ...fresh, id: review.id, read, revive }
  }

  test('that was interrupted shows nothing of the thread, takes no reply, and the next one finishes it', async () => {
    const { id, read, revive, ...access } = await interrupted()
    const byAnn = { subject: 'ann', isModerator: false }
    await expect(removeReview(access, 'p', id, byAnn)).rejects.toThrow('The process died')
    expect(await read()).toEqual([])
    revive()
    const { stored, counted } = await ratingAndReviews(access.db, access.table, 'p')
    expect(stored).toEqual({ ratingSum: 0, ratingCount: 0 })
    expect(counted).toEqual(stored)
    const left = [...(await allItems(access.db, access.table)).values()].find(
      ({ parentId }) => parentId === id,
    )
    for (const parentId of [id, String(left?.id)])
      await expect(
        postReview(access, 'p', { parentId, body: 'Late', author: 'Cy', subject: 'cy' }),
      ).rejects.toMatchObject({ name: 'InvalidReview' })
    await expect(removeReview(access, 'p', id, { subject: 'bea', isModerator: false })).rejects.toMatchObject(
      {
        name: 'NoSuchReview',
      },
    )
    await removeReview(access, 'p', id, byAnn)
    expect([...(await allItems(access.db, access.table)).keys()]).toEqual(['PRODUCT#p PRODUCT'])
    await expect(removeReview(access, 'p', id, byAnn)).rejects.toMatchObject({ name: 'NoSuchReview' })
  }, 60_000)

  test('by five callers at the same moment is counted once', async () => {
    const access = await freshTables()
    await upsertProduct(access, { id: 'p', content })
    await postReview(access, 'p', draft(5, 'bea'))
    const { review } = await postReview(access, 'p', draft(2, 'ann'))
    for (let n = 0; n < 3; n++)
      await postReview(access, 'p', { parentId: review.id, body: 'Yes', author: 'Bo', subject: 'bea' })
    const ends = await Promise.allSettled(
      Array.from({ length: 5 }, (_, n) =>
        removeReview(access, 'p', review.id, { subject: 'ann', isModerator: n % 2 === 0 }),
      ),
    )
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ name: 'NoSuchReview' })
    expect(ends.some(({ status }) => status === 'fulfilled')).toBe(true)
    const { stored, counted } = await ratingAndReviews(access.db, access.table, 'p')
    expect(stored).toEqual({ ratingSum: 5, ratingCount: 1 })
    expect(counted).toEqual(stored)
    expect(await allItems(access.db, access.table)).toHaveProperty('size', 3)
  })

  test('that continues after the product was deleted and imported again keeps the new reviews', async () => {
    await imported('reborn', 2)
    const access = { db, table }
    const { hidden } = await deleteReview(access, 'reborn', 'r', { isModerator: true })
    await deleteProduct(access, 'reborn')
    await imported('reborn', 2)
    const before = await allItems(db, table)
    expect([...before.keys()]).toContain('PRODUCT#reborn REVIEW#x1')
    if (hidden) await clearThread(access, hidden)
    expect(await allItems(db, table)).toEqual(before)
  })

  test('counts the stars that the review has at that moment, if its author replaces it meanwhile', async () => {
    const access = await freshTables()
    await upsertProduct(access, { id: 'p', content })
    const { review } = await postReview(access, 'p', draft(2, 'ann'))
    let isReplaced = false
    access.db.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'TransactWriteItemsCommand' && !isReplaced) {
            isReplaced = true
            await postReview(access, 'p', draft(5, 'ann'))
          }
          return next(args)
        },
      { step: 'initialize' },
    )
    await removeReview(access, 'p', review.id, { isModerator: true })
    const { stored, counted } = await ratingAndReviews(access.db, access.table, 'p')
    expect(stored).toEqual({ ratingSum: 0, ratingCount: 0 })
    expect(counted).toEqual(stored)
  })

  test('of a review that an older release stored, without subject and writeId, works for a moderator', async () => {
    await put('older', { body: aProduct })
    const { id } = await post(
      'older',
      { ...stars(4), author: 'Al' },
      { scope: 'catalog:write reviews:write' },
    )
    await db.send(
      new UpdateCommand({
        TableName: table,
        Key: reviewKey('older', id),
        UpdateExpression: 'REMOVE writeId',
      }),
    )
    await expectReviews('older').toMatchObject([{ id, author: 'Al' }])
    expect((await remove('older', id, moderator)).statusCode).toBe(204)
    await expectReviews('older').toEqual([])
  })
})
