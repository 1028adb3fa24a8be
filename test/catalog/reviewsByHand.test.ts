import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, test } from 'vitest'
import { reviewerKey, reviewKey } from '../../lib/catalog/table/keys.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { productItems } from '../support/productItems.ts'
import { customer, moderator, ratingAndReviews } from '../support/reviewers.ts'

const { call, get, put, db, table } = await freshHandlers()
// All handlers of this file reach DynamoDB through this proxy.
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())

const stars = (rating: number) => ({ rating, body: `${rating} stars` })
const [ann, bea] = [customer('ann'), customer('bea')]
const post = (id: string, body: unknown, authorizer: object = ann) =>
  call('postReview', { path: { id }, body, authorizer })
const remove = async (id: string, reviewId: string, authorizer: object = moderator) =>
  (await call('deleteReview', { path: { id, reviewId }, authorizer })).statusCode
const ratingIn = async (id: string) => (await ratingAndReviews(db, table, id)).stored
const reviewItems = async (id: string) =>
  (await productItems(db, table, id)).filter(({ sk }) => String(sk).startsWith('REVIEW#'))
const keysOf = async (id: string) => (await productItems(db, table, id)).map(({ sk }) => sk)

/** Changes an attribute of a stored review by hand. */
const edit = (id: string, reviewId: string, name: string, value: unknown) =>
  db.send(
    new UpdateCommand({
      TableName: table,
      Key: reviewKey(id, reviewId),
      UpdateExpression: value === undefined ? 'REMOVE #name' : 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ...(value !== undefined && { ExpressionAttributeValues: { ':value': value } }),
    }),
  )

describe('the removal of a review that another program put', () => {
  test('takes no stars out of a rating that never counted it', async () => {
    await put('hand', { body: aProduct })
    await post('hand', stars(1))
    const item = {
      ...{ ...reviewKey('hand', 'h'), id: 'h', productId: 'hand', rating: 5, body: 'x', author: 'Al' },
      ...{ createdAt: '2026-01-01T00:00:00.000Z', thread: '2026-01-01T00:00:00.000Z#h', depth: 0 },
    }
    await db.send(new PutCommand({ TableName: table, Item: item }))
    expect(await remove('hand', 'h')).toBe(204)
    expect(await ratingIn('hand')).toEqual({ ratingSum: 1, ratingCount: 1 })
    expect((await get('hand')).json.rating).toEqual({ average: 1, count: 1 })
  })

  test('as a copy under another id takes no stars out, keeps the original with its replies, and its author still has one review', async () => {
    await put('copy', { body: aProduct })
    const { json: original } = await post('copy', stars(5))
    await post('copy', { parentId: original.id, body: 'Why?' }, bea)
    const [item] = (await reviewItems('copy')).filter(({ id }) => id === original.id)
    for (const [id, changes] of [
      ['c1', { id: 'c1', thread: String(item?.thread).replace(original.id, 'c1') }],
      ['c2', { id: 'c2' }],
      ['c3', {}],
    ] as const) {
      await db.send(
        new PutCommand({ TableName: table, Item: { ...item, ...reviewKey('copy', id), ...changes } }),
      )
      expect(await remove('copy', id, ann)).toBe(204)
      expect(await ratingIn('copy')).toEqual({ ratingSum: 5, ratingCount: 1 })
      expect((await reviewItems('copy')).map(({ body }) => body).sort()).toEqual(['5 stars', 'Why?'])
    }
    expect(await post('copy', stars(4))).toMatchObject({ statusCode: 200, json: { id: original.id } })
    expect(await ratingIn('copy')).toEqual({ ratingSum: 4, ratingCount: 1 })
  })

  test('as an older review that was put back keeps the pointer to the newer one', async () => {
    await put('back', { body: aProduct })
    const { json: older } = await post('back', stars(2))
    const [item] = await reviewItems('back')
    await remove('back', older.id, ann)
    const { json: newer } = await post('back', stars(4))
    await db.send(new PutCommand({ TableName: table, Item: { ...item, versioned: 'by hand' } }))
    await edit('back', older.id, 'versioned', older.id)
    expect(await remove('back', older.id, ann)).toBe(204)
    expect(await post('back', stars(3))).toMatchObject({ statusCode: 200, json: { id: newer.id } })
  })
})

describe('the removal of a review that changes after it was read', () => {
  const shop = { subject: 'shop', scope: 'catalog:write reviews:write' }
  /** Runs `change` before the next transaction reaches DynamoDB. */
  const beforeTransaction = (change: () => Promise<unknown>) =>
    proxy.injectFault('TransactWriteItems', async () => void (await change()))

  test.each([
    ['takes its stars out if it is counted meanwhile', 'by hand', undefined, 0],
    ['takes no stars out if it stops being counted meanwhile', undefined, 'by hand', 1],
  ])('%s', async (_, before, after, ratingCount) => {
    const id = `counted-${ratingCount}`
    await put(id, { body: aProduct })
    const { json } = await post(id, stars(3))
    await edit(id, json.id, 'versioned', before ?? json.id)
    const plan = beforeTransaction(() => edit(id, json.id, 'versioned', after ?? json.id))
    expect(await remove(id, json.id)).toBe(204)
    expect(plan.left()).toBe(0)
    expect(await ratingIn(id)).toEqual({ ratingSum: 3 * ratingCount, ratingCount })
  })

  test('keeps the pointer of its author if it names another review meanwhile', async () => {
    await put('moved', { body: aProduct })
    const { json } = await post('moved', stars(3))
    const pointerOf = async () =>
      (await productItems(db, table, 'moved')).find(({ sk }) => String(sk).startsWith('REVIEWER#'))
    const other = { ...(await pointerOf()), reviewId: 'other' }
    const plan = beforeTransaction(() => db.send(new PutCommand({ TableName: table, Item: other })))
    expect(await remove('moved', json.id)).toBe(204)
    expect(plan.left()).toBe(0)
    expect(await pointerOf()).toEqual(other)
  })

  test.each([
    ['a reply in the name of an author', { author: 'Al' }, shop, undefined],
    ['a reply of a customer that was never counted', {}, bea, 'by hand'],
  ])('gets 404 if it was removed meanwhile: %s', async (_, named, authorizer, versioned) => {
    const id = `removed-${authorizer.subject}`
    await put(id, { body: aProduct })
    const { json: review } = await post(id, stars(3))
    const { json: reply } = await post(id, { parentId: review.id, body: 'Why?', ...named }, authorizer)
    await edit(id, reply.id, 'versioned', versioned ?? reply.id)
    const statuses: number[] = []
    const plan = beforeTransaction(async () => statuses.push(await remove(id, reply.id)))
    statuses.push(await remove(id, reply.id))
    expect(plan.left()).toBe(0)
    expect(statuses).toEqual([204, 404])
  })
})

test('a replacement of a review that was never counted counts it', async () => {
  await put('uncounted', { body: aProduct })
  const { json } = await post('uncounted', stars(5), bea)
  await post('uncounted', stars(1))
  const items = await productItems(db, table, 'uncounted')
  const subject = String(items.find(({ id }) => id === json.id)?.subject)
  await db.send(
    new UpdateCommand({
      TableName: table,
      Key: reviewKey('uncounted', 'put'),
      UpdateExpression:
        'SET id = :id, productId = :p, rating = :five, body = :id, author = :id, createdAt = :at, thread = :t, #d = :zero, subject = :s',
      ExpressionAttributeNames: { '#d': 'depth' },
      ExpressionAttributeValues: {
        ...{ ':id': 'put', ':p': 'uncounted', ':five': 5, ':at': '2026-01-01T00:00:00.000Z', ':zero': 0 },
        ...{ ':t': '2026-01-01T00:00:00.000Z#put', ':s': subject },
      },
    }),
  )
  await remove('uncounted', json.id)
  await db.send(
    new PutCommand({ TableName: table, Item: { ...reviewerKey('uncounted', subject), reviewId: 'put' } }),
  )
  expect(await post('uncounted', stars(3), bea)).toMatchObject({ statusCode: 200, json: { id: 'put' } })
  expect(await ratingIn('uncounted')).toEqual({ ratingSum: 4, ratingCount: 2 })
})

describe('a review that cannot be read', () => {
  const faults: [name: string, value: unknown][] = [
    ['title', 5],
    ['body', undefined],
    ['createdAt', 'yesterday'],
    ['thread', undefined],
    ['id', new Set(['a'])],
    ['parentId', 7],
    ['removed', 7],
  ]
  for (const [name, value] of faults) {
    const title = value === undefined ? `without ${name}` : `with a ${name} of another type`
    test(`${title} can be removed by a moderator, with its thread, and its stars are taken out`, async () => {
      const id = `mod-${name.toLowerCase()}`
      await put(id, { body: aProduct })
      await post(id, stars(5), bea)
      const { json: review } = await post(id, stars(1))
      await post(id, { parentId: review.id, body: 'Why?' }, bea)
      await edit(id, review.id, name, value)
      expect(await remove(id, review.id, customer('cy'))).toBe(403)
      expect(await remove(id, review.id)).toBe(204)
      expect(await ratingIn(id)).toEqual({ ratingSum: 5, ratingCount: 1 })
      expect((await reviewItems(id)).map(({ body }) => body)).toEqual(['5 stars'])
      expect(await keysOf(id)).toHaveLength(3)
      expect(await remove(id, review.id)).toBe(404)
      expect((await post(id, stars(2))).statusCode).toBe(201)
      expect(await ratingIn(id)).toEqual({ ratingSum: 7, ratingCount: 2 })
    })

    test(`${title} is replaced if its author posts again`, async () => {
      const id = `own-${name.toLowerCase()}`
      await put(id, { body: aProduct })
      const { json: review } = await post(id, stars(1))
      const { json: reply } = await post(id, { parentId: review.id, body: 'Why?' }, bea)
      await edit(id, review.id, name, value)
      const second = await post(id, stars(4))
      expect(second).toMatchObject({ statusCode: 200, json: { id: review.id, rating: 4 } })
      expect(await ratingIn(id)).toEqual({ ratingSum: 4, ratingCount: 1 })
      const { json } = await call('getReviews', { path: { id } })
      expect(json.items).toEqual([{ ...second.json, replies: [reply] }])
    })
  }

  test('and whose rating is no number leaves the rating as it is', async () => {
    await put('text', { body: aProduct })
    const { json } = await post('text', stars(1))
    await edit('text', json.id, 'rating', 'five')
    expect(await remove('text', json.id)).toBe(204)
    expect(await ratingIn('text')).toEqual({ ratingSum: 1, ratingCount: 1 })
  })

  test('and is a reply can be removed alone', async () => {
    await put('reply', { body: aProduct })
    const { json: review } = await post('reply', stars(1))
    const { json: reply } = await post('reply', { parentId: review.id, body: 'Why?' }, bea)
    await edit('reply', reply.id, 'body', 5)
    expect(await remove('reply', reply.id)).toBe(204)
    expect((await reviewItems('reply')).map(({ id }) => id)).toEqual([review.id])
    expect(await ratingIn('reply')).toEqual({ ratingSum: 1, ratingCount: 1 })
  })
})
