import { randomUUID } from 'node:crypto'
import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { InvalidReview } from '../../lib/catalog/errors.ts'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { postReview } from '../../lib/catalog/reviews/postReview.ts'
import { reviewKey } from '../../lib/catalog/table/items.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'
import { allItems } from '../support/importing.ts'
import { loseAnswers } from '../support/loseAnswers.ts'

const { content } = parseProduct(aProduct)
const draft = (rating: number) => ({ rating, body: `Of ${rating}`, author: 'Ana' })

/** A product without reviews, alone in its table. */
async function given() {
  const { db, table } = await freshTables()
  await putProduct({ db, table }, 'p', content)
  return {
    db,
    table,
    post: (rating: number, id = randomUUID()) => postReview({ db, table }, 'p', draft(rating), id),
    reply: (parentId: string) =>
      postReview({ db, table }, 'p', { parentId, body: 'Yes', author: 'Ben' }, randomUUID()),
    product: () => readProduct({ db, table }, 'p'),
    count: async () => (await allItems(db, table)).size - 1,
  }
}

describe('the rating of a product', () => {
  test('is the sum of its reviews, and the version rises with each of them and each reply', async () => {
    const { post, reply, product } = await given()
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

  test('counts twenty reviewers of the same moment, each once, and a writer of the product among them', async () => {
    const { db, table, post, product, count } = await given()
    const ratings = Array.from({ length: 20 }, (_, n) => 1 + (n % 5))
    const started = performance.now()
    await Promise.all([
      ...ratings.map((rating) => post(rating)),
      putProduct({ db, table }, 'p', { ...content, title: 'Renamed' }),
    ])
    console.log(`twenty reviews and a write at once: ${Math.round(performance.now() - started)} ms`)
    expect(await product()).toMatchObject({ title: 'Renamed', rating: { average: 3, count: 20 } })
    expect(await count()).toBe(20)
  })

  test('counts a review once whose answer was lost, and the reviewer hears that it is there', async () => {
    const { db, post, product, count } = await given()
    const chaos = loseAnswers(db, 'TransactWriteItemsCommand')
    chaos.losses = 1
    expect(await post(5)).toMatchObject({ rating: 5 })
    expect(chaos.losses).toBe(0)
    expect(await product()).toMatchObject({ rating: { average: 5, count: 1 } })
    expect(await count()).toBe(1)
  })

  test('counts a review once that is sent again as a new request by the same name', async () => {
    const { post, product, count } = await given()
    const id = randomUUID()
    const first = await post(5, id)
    expect(await post(5, id)).toEqual(first)
    expect(await product()).toMatchObject({ rating: { average: 5, count: 1 } })
    // Another review by that name is not taken for it.
    expect(await post(1, id)).toMatchObject({ rating: 1, id: expect.not.stringContaining(id) })
    expect(await product()).toMatchObject({ rating: { average: 3, count: 2 } })
    expect(await count()).toBe(2)
  })

  test('stays when a write of the product that was repeated meets a review in between', async () => {
    const { db, table, post, product } = await given()
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

  test('is left alone by a review that meets another transaction each time', async () => {
    const { db, table, product, count } = await given()
    // One that goes through after eleven tries does.
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
    await postReview({ db, table }, 'p', draft(5), randomUUID())
    conflicts = Number.POSITIVE_INFINITY
    await expect(postReview({ db, table }, 'p', draft(1), randomUUID())).rejects.toThrow(
      'Transaction cancelled',
    )
    expect(await product()).toMatchObject({ rating: { average: 5, count: 1 } })
    expect(await count()).toBe(1)
  }, 15_000)

  test('is not added to by a reply to what went with a product that was deleted and made anew meanwhile', async () => {
    const { db, table, post, reply, product, count } = await given()
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
