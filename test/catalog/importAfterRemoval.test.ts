import { describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { readThreads } from '../../lib/catalog/reviews/readThreads.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'
import { ratingAndReviews, removeReview } from '../support/reviewers.ts'

const { content } = parseProduct(aProduct)
const review = (id: string, changes: object = {}) => ({
  ...{ id, rating: 2, body: 'Poor', author: 'Al', createdAt: '2026-01-01T00:00:00Z' },
  ...changes,
})
/** A review with so many replies that an import takes several transactions. */
const reviews = parseReviews('p', [
  review('r'),
  ...Array.from({ length: 250 }, (_, n) => review(`x${n}`, { parentId: 'r', rating: undefined })),
])

describe('an import brings back nothing of a thread that a moderator removes', () => {
  for (const [what, isNew, transactions] of [
    ['a new product', true, [2, 3]],
    // The first transaction tries to create the product.
    ['a product that exists', false, [3, 4]],
  ] as const)
    for (const transaction of transactions)
      test(`before its transaction ${transaction}, for ${what}`, async () => {
        const access = await freshTables()
        if (!isNew) await upsertProduct(access, { id: 'p', content })
        let sent = 0
        access.db.middlewareStack.add(
          (next, { commandName }) =>
            async (args) => {
              if (commandName === 'TransactWriteItemsCommand' && ++sent === transaction)
                await removeReview(access, 'p', 'r', { isModerator: true })
              return next(args)
            },
          { step: 'initialize' },
        )
        await upsertProduct(access, { id: 'p', content, reviews })
        expect((await readThreads(access, 'p', { count: 20 })).threads).toEqual([])
        const { stored, counted } = await ratingAndReviews(access.db, access.table, 'p')
        expect(stored).toEqual({ ratingSum: 0, ratingCount: 0 })
        expect(counted).toEqual(stored)
        expect(await upsertProduct(access, { id: 'p', content, reviews })).toMatchObject({ reviewsAdded: 0 })
      }, 20_000)
})
