import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { InvalidReview } from '../../lib/catalog/errors.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { postReview } from '../../lib/catalog/reviews/postReview.ts'
import { reviewKey } from '../../lib/catalog/table/keys.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'
import { allItems } from '../support/importing.ts'
import { loseResponses } from '../support/loseResponses.ts'

const { content } = parseProduct(aProduct)
const draft = (rating: number) => ({ rating, body: `${rating} stars`, author: 'Ana' })

/** Creates a product without reviews, alone in its table. */
async function createProductAlone() {
  const { db, table } = await freshTables()
  await putProduct({ db, table }, 'p', content)
  return {
    db,
    table,
    post: async (rating: number) => (await postReview({ db, table }, 'p', draft(rating))).review,
    reply: (parentId: string) => postReview({ db, table }, 'p', { parentId, body: 'Yes', author: 'Ben' }),
    product: () => readProduct({ db, table }, 'p'),
    count: async () => (await allItems(db, table)).size - 1,
  }
}

describe('the rating of a product', () => {
  test('summarises its reviews, and the version rises with each review and each reply', async () => {
    const { post, reply, product } = await createProductAlone()
    const before = (await product())?.version ?? Infinity
    const { id } = await post(5)
    const reviewed = await product()
    expect(reviewed).toMatchObject({ rating: { average: 5, count: 1 } })
    expect(reviewed?.version).toBeGreaterThan(before)
    await reply(id)
    const replied = await product()
    expect(replied).toMatchObject({ rating: { average: 5, count: 1 } })
    expect(replied?.version).toBeGreaterThan(reviewed?.version ?? Infinity)
    await post(2)
    await post(2)
    expect(await product()).toMatchObject({ rating: { average: 3, count: 3 } })
  })

  test('counts each of twenty concurrent reviews once, even if the product is written at the same time', async () => {
    const { db, table, post, product, count } = await createProductAlone()
    const ratings = Array.from({ length: 20 }, (_, n) => 1 + (n % 5))
    const started = performance.now()
    await Promise.all([
      ...ratings.map((rating) => post(rating)),
      putProduct({ db, table }, 'p', { ...content, title: 'Renamed' }),
    ])
    console.log(`twenty concurrent reviews and a write: ${Math.round(performance.now() - started)} ms`)
    expect(await product()).toMatchObject({ title: 'Renamed', rating: { average: 3, count: 20 } })
    expect(await count()).toBe(20)
  })

  test('counts a review once if its response was lost, and the retry succeeds', async () => {
    const { db, post, product, count } = await createProductAlone()
    const chaos = loseResponses(db, 'TransactWriteItemsCommand')
    chaos.losses = 1
    expect(await post(5)).toMatchObject({ rating: 5 })
    expect(chaos.losses).toBe(0)
    expect(await product()).toMatchObject({ rating: { average: 5, count: 1 } })
    expect(await count()).toBe(1)
  })

  test('is unchanged by a retried write of the product that a review came between', async () => {
    const { db, table, post, product } = await createProductAlone()
    const before = await product()
    let posted = false
    db.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const result = await next(args)
          if (commandName !== 'PutItemCommand' || posted) return result
          posted = true
          await post(3)
          throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' })
        },
      { step: 'finalizeRequest', priority: 'low' },
    )
    const match = [before?.version ?? 0]
    await putProduct({ db, table }, 'p', { ...content, title: 'Renamed' }, { match })
    expect(await product()).toMatchObject({ title: 'Renamed', rating: { average: 3, count: 1 } })
  })

  test('is unchanged by a review that conflicts with another transaction at each attempt', async () => {
    const { db, table, product, count } = await createProductAlone()
    // A review that conflicts eleven times is still added.
    let conflicts = 11
    db.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'TransactWriteItemsCommand' || conflicts-- <= 0) return next(args)
          const { TransactionCanceledException } = await import('@aws-sdk/client-dynamodb')
          throw new TransactionCanceledException({
            message: 'Transaction cancelled',
            $metadata: {},
            CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
          })
        },
      { step: 'initialize' },
    )
    await postReview({ db, table }, 'p', draft(5))
    conflicts = Number.POSITIVE_INFINITY
    await expect(postReview({ db, table }, 'p', draft(1))).rejects.toThrow('Transaction cancelled')
    expect(await product()).toMatchObject({ rating: { average: 5, count: 1 } })
    expect(await count()).toBe(1)
  }, 15_000)

  test('is unchanged by a reply to a review that was deleted meanwhile', async () => {
    const { db, table, post, reply, product, count } = await createProductAlone()
    const { id } = await post(5)
    const before = await product()
    db.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'TransactWriteItemsCommand')
            await db.send(new DeleteCommand({ TableName: table, Key: reviewKey('p', id) }))
          return next(args)
        },
      { step: 'initialize' },
    )
    await expect(reply(id)).rejects.toThrow(InvalidReview)
    expect(await product()).toEqual(before)
    expect(await count()).toBe(0)
  })
})
