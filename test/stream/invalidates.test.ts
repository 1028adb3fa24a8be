import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { postReview } from '../../lib/catalog/reviews/postReview.ts'
import { toReviewItem } from '../../lib/catalog/reviews/review.ts'
import { toItem } from '../../lib/catalog/table/items.ts'
import { productKey, reviewKey } from '../../lib/catalog/table/keys.ts'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const {
  db,
  table,
  withRedis,
  fill,
  entries,
  nextRecords,
  deliver,
  deliverUntilDone,
  edit,
  putItem,
  deleteItem,
  lastBatch,
} = await freshChanges()
const { content } = parseProduct(aProduct)
const reviewsOf = (id: string) =>
  parseReviews(id, [{ id: 'r', rating: 4, body: 'x', author: 'y', createdAt: '2026-01-01T00:00:00Z' }])
const rest = { ratingSum: 0, ratingCount: 0, createdAt: '2026-01-01T00:00:00Z', updatedAt: '', writeId: 'w' }
/** Returns the item of a review as an edit by hand would make it: without `versioned`. */
const toHandMadeReview = (id: string) => {
  const [review] = reviewsOf(id)
  if (!review) throw new Error('No review')
  const { versioned: _, ...item } = toReviewItem(review)
  return item
}

describe('the entries of a product are removed from the cache after', () => {
  const noEntries = [undefined, undefined, undefined]
  const changes: Record<string, (id: string) => Promise<unknown>> = {
    'an edit': (id) => edit(id, { title: 'Edited', version: Date.now() + 1000 }),
    'an edit without a higher version': (id) => edit(id, { title: 'Edited' }),
    'a replacement of its item': (id) => putItem(toItem(id, content, { ...rest, version: 9e12 })),
    'a tombstone': (id) => putItem({ ...productKey(id), id, deleted: true, version: 9e12 }),
    'a removal': (id) => deleteItem(productKey(id)),
    'a put of a review': (id) => putItem({ ...toHandMadeReview(id), ...reviewKey(id, 's'), id: 's' }),
    'a copy of a review': (id) =>
      putItem({ ...toHandMadeReview(id), versioned: 'r', ...reviewKey(id, 't'), id: 't' }),
    'an edit of a review': (id) => putItem({ ...toHandMadeReview(id), body: 'edited' }),
    'a removal of a review': (id) => deleteItem(reviewKey(id, 'r')),
  }
  for (const [n, [what, change]] of Object.entries(changes).entries())
    test(what, async () => {
      await withRedis()
      const id = `p${n}`
      const { version } = await upsertProduct({ db, table }, { id, content, reviews: reviewsOf(id) })
      await nextRecords(2)
      await fill(id)
      expect(await entries(id)).toEqual([version, version, version])
      await change(id)
      const records = await nextRecords(1)
      expect(records).toHaveLength(1)
      // This Redis has just started, so the function's first attempt to reach it may fail.
      await deliverUntilDone(records)
      expect(await entries(id)).toEqual(noEntries)
    })

  test('its creation, if they record that it does not exist', async () => {
    await withRedis()
    await fill('new')
    expect((await entries('new'))[0]).toBe(0)
    await putItem(toItem('new', content, { ...rest, version: 1 }))
    const records = await nextRecords(1)
    await deliverUntilDone(records)
    expect(await entries('new')).toEqual(noEntries)
  })
})

test('the entries of a product are removed from the cache after an edit by hand of a review that a customer posted', async () => {
  await withRedis()
  await upsertProduct({ db, table }, { id: 'posted', content })
  const draft = { rating: 4, body: 'x', author: 'y', subject: 'ann' }
  const { review } = await postReview({ db, table }, 'posted', draft)
  await postReview({ db, table }, 'posted', { ...draft, rating: 3 })
  const Key = reviewKey('posted', review.id)
  // The product, then the product and the review twice.
  await nextRecords(5)
  await fill('posted')
  const { Item } = await db.send(new GetCommand({ TableName: table, Key }))
  await putItem({ ...Item, body: 'edited' })
  await deliverUntilDone(await nextRecords(1))
  expect(await entries('posted')).toEqual([undefined, undefined, undefined])
})

test('a batch sends Redis one removal per product', async () => {
  const { redis } = await withRedis()
  for (const id of ['a', 'b']) await upsertProduct({ db, table }, { id, content })
  for (let n = 0; n < 20; n++) for (const id of ['a', 'b']) await edit(id, { writeId: `w${n}` })
  const records = (await nextRecords(42)).slice(-40)
  await deliverUntilDone(records)
  await redis.config('RESETSTAT')
  await deliver(records)
  expect(lastBatch()).toMatchObject({ level: 'info', records: 40, removals: 2 })
  expect(await redis.info('commandstats')).toMatch(/cmdstat_del:calls=2,/)
})

test('a batch of 100 products takes less than ten seconds', async () => {
  await withRedis()
  for (let n = 0; n < 100; n++) await upsertProduct({ db, table }, { id: `m${n}`, content })
  const records = await nextRecords(100)
  await deliverUntilDone(records)
  const startedAt = performance.now()
  await deliverUntilDone(records)
  const ms = performance.now() - startedAt
  console.log(`100 products: ${Math.round(ms)} ms`)
  expect(lastBatch()).toMatchObject({ removals: 100, fanOutRemovals: expect.any(Number) })
  expect(ms).toBeLessThan(10_000)
}, 30_000)
