import { expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const {
  db,
  table,
  call,
  put,
  withRedis,
  fill,
  entries,
  nextRecords,
  deliverNext,
  deliver,
  deliverUntilDone,
  edit,
  lastBatch,
} = await freshChanges()
const review = { rating: 5, body: 'x', author: 'y' }
const { content } = parseProduct(aProduct)
const reviews = parseReviews(
  'c',
  Array.from({ length: 120 }, (_, n) => ({ ...review, id: `r${n}`, createdAt: '2026-01-01T00:00:00Z' })),
)

const authorizer = { subject: 'ann', name: 'Ann', scope: 'reviews:write' }
let reviewId = ''
async function post(rating: number) {
  const body = { rating, body: 'x' }
  reviewId = (await call('postReview', { path: { id: 'a' }, body, authorizer })).json.id
}
const removeReview = () => call('deleteReview', { path: { id: 'a', reviewId }, authorizer })

/** Writes of the catalogue itself. Each removes its entries, and leaves this many records in the stream. */
const writes: [string, string, number, () => Promise<unknown>][] = [
  ['a PUT', 'a', 1, () => put('a', { body: { ...aProduct, title: 'new' } })],
  ['a PATCH', 'a', 1, () => call('patchProduct', { path: { id: 'a' }, body: { title: 'newer' } })],
  ['a review', 'a', 2, () => call('postReview', { path: { id: 'a' }, body: review })],
  ['a first review of a customer', 'a', 2, () => post(1)],
  ['a replaced review', 'a', 2, () => post(5)],
  ['a removed review', 'a', 3, removeReview],
  ['an import with reviews', 'c', 122, () => upsertProduct({ db, table }, { id: 'c', content, reviews })],
]

test('entries stored after a write stay when the records of the write arrive', async () => {
  await withRedis()
  await put('a', { body: aProduct })
  // Another category than that of `a`, so that neither page shows a card of the other product.
  content.category = 'elsewhere'
  await deliverNext(1)
  for (const [what, id, count, write] of writes) {
    await write()
    const records = await nextRecords(count)
    expect([what, records.length]).toEqual([what, count])
    await fill(id)
    const before = await entries(id)
    expect([what, before.every((version) => Number(version) > 1)]).toEqual([what, true])
    await deliverUntilDone(records)
    expect([what, await entries(id)]).toEqual([what, before])
    expect(lastBatch()).toMatchObject({ removals: 1 })
    // The records have the same effect one by one.
    for (const record of records) await deliver([record])
    expect([what, await entries(id)]).toEqual([what, before])
  }
})

test('an entry stays if a record is not newer, and is removed if a record is newer', async () => {
  await withRedis()
  await put('b', { body: { ...aProduct, category: 'alone' } })
  await deliverNext(1)
  await fill('b')
  const [version = 0] = await entries('b')
  await edit('b', { version: version + 1 })
  const first = await nextRecords(1)
  await edit('b', { version: version + 2 })
  const second = await nextRecords(1)
  await deliver(first)
  await fill('b')
  expect(await entries('b')).toEqual([version + 2, version + 2, version + 2])
  await deliver([...first, ...second])
  expect(await entries('b')).toEqual([version + 2, version + 2, version + 2])
  await edit('b', { version: version + 3 })
  await deliver([...second, ...(await nextRecords(1))])
  expect(await entries('b')).toEqual([undefined, undefined, undefined])
})
