import { describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toReviewItem } from '../../lib/catalog/reviews/review.ts'
import { productKey, reviewKey, toItem } from '../../lib/catalog/table/items.ts'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const { db, table, withRedis, fill, entries, news, deliver, take, edit, putItem, deleteItem, lastBatch } =
  await freshChanges()
const { content } = parseProduct(aProduct)
const reviewsOf = (id: string) =>
  parseReviews(id, [{ id: 'r', rating: 4, body: 'x', author: 'y', createdAt: '2026-01-01T00:00:00Z' }])
const kept = { ratingSum: 0, ratingCount: 0, createdAt: '2026-01-01T00:00:00Z', updatedAt: '', writeId: 'w' }
const handMade = (id: string) => {
  const [review] = reviewsOf(id)
  if (!review) throw new Error('No review')
  const { versioned: _, ...item } = toReviewItem(review)
  return item
}

describe('a change of the table that the cache was not told of removes what it holds of the product', () => {
  const gone = [undefined, undefined, undefined]
  const changes: Record<string, (id: string) => Promise<unknown>> = {
    'an edit': (id) => edit(id, { title: 'Edited', version: Date.now() + 1000 }),
    'an edit without a higher version': (id) => edit(id, { title: 'Edited' }),
    'another item in its place': (id) => putItem(toItem(id, content, { ...kept, version: 9e12 })),
    'a tombstone': (id) => putItem({ ...productKey(id), id, deleted: true, version: 9e12 }),
    'a removal': (id) => deleteItem(productKey(id)),
    'a review that is put': (id) => putItem({ ...handMade(id), ...reviewKey(id, 's'), id: 's' }),
    'a review that is copied': (id) =>
      putItem({ ...handMade(id), versioned: 'r', ...reviewKey(id, 't'), id: 't' }),
    'a review that is edited': (id) => putItem({ ...handMade(id), body: 'edited' }),
    'a review that is removed': (id) => deleteItem(reviewKey(id, 'r')),
  }
  for (const [n, [what, change]] of Object.entries(changes).entries())
    test(what, async () => {
      await withRedis()
      const id = `p${n}`
      const { version } = await upsertProduct({ db, table }, { id, content, reviews: reviewsOf(id) })
      await news(2)
      await fill(id)
      expect(await entries(id)).toEqual([version, version, version])
      await change(id)
      const records = await news(1)
      expect(records).toHaveLength(1)
      // Redis has come anew: the first connection to it may be one that fails.
      await take(records)
      expect(await entries(id)).toEqual(gone)
    })

  test('a product that appears: that it was not there', async () => {
    await withRedis()
    await fill('new')
    expect((await entries('new'))[0]).toBe(0)
    await putItem(toItem('new', content, { ...kept, version: 1 }))
    const records = await news(1)
    await take(records)
    expect(await entries('new')).toEqual(gone)
  })
})

test('a batch asks Redis once for each product', async () => {
  const { redis } = await withRedis()
  for (const id of ['a', 'b']) await upsertProduct({ db, table }, { id, content })
  for (let n = 0; n < 20; n++) for (const id of ['a', 'b']) await edit(id, { writeId: `w${n}` })
  const records = (await news(42)).slice(-40)
  await take(records)
  await redis.config('RESETSTAT')
  await deliver(records)
  expect(lastBatch()).toMatchObject({ level: 'info', records: 40, removals: 2 })
  expect(await redis.info('commandstats')).toMatch(/cmdstat_del:calls=2,/)
})

test('a batch of 100 products is done within seconds', async () => {
  await withRedis()
  for (let n = 0; n < 100; n++) await upsertProduct({ db, table }, { id: `m${n}`, content })
  const records = await news(100)
  await take(records)
  const begun = performance.now()
  await take(records)
  const ms = performance.now() - begun
  console.log(`100 products: ${Math.round(ms)} ms`)
  expect(lastBatch()).toMatchObject({ removals: 100, fanOutRemovals: expect.any(Number) })
  expect(ms).toBeLessThan(10_000)
}, 30_000)
