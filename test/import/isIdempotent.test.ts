import { expect, test } from 'vitest'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { freshTables } from '../support/dynamodb.ts'
import { allItems, importText, mug, ndjson, review, withoutTimes } from '../support/importing.ts'

test('an import leaves an unchanged product alone, to the last attribute', async () => {
  const { db, table } = await freshTables()
  const target = { db, table }
  const text = ndjson([
    mug('a', { reviews: [review(1), review(2)] }),
    mug('b', { attributes: { z: 1, a: 'x' } }),
  ])
  expect((await importText(text, { target })).report).toMatchObject({ created: 2, reviewsAdded: 2 })
  const before = await allItems(db, table)
  expect((await importText(text, { target })).report).toMatchObject({
    unchanged: 2,
    updated: 0,
    reviewsAdded: 0,
  })
  expect(await allItems(db, table)).toEqual(before)
})

test('a changed product gets a higher version and keeps its creation time and its rating', async () => {
  const { db, table } = await freshTables()
  const target = { db, table }
  await importText(
    ndjson([mug('a', { createdAt: '2020-01-01T00:00:00Z', reviews: [review(1), review(3)] })]),
    { target },
  )
  const before = await readProduct({ db, table }, 'a')
  await importText(ndjson([mug('a', { title: 'New', createdAt: '2024-01-01T00:00:00Z' })]), { target })
  const after = await readProduct({ db, table }, 'a')
  expect(after).toMatchObject({
    title: 'New',
    createdAt: '2020-01-01T00:00:00Z',
    rating: { average: 3, count: 2 },
  })
  expect(after?.version).toBeGreaterThan(before?.version ?? Infinity)
})

test('new reviews are added and counted once, even if one transaction cannot hold them all', async () => {
  const { db, table } = await freshTables()
  const target = { db, table }
  const reviews = Array.from({ length: 250 }, (_, n) => review(n))
  await importText(ndjson([mug('a', { reviews: reviews.slice(0, 30) })]), { target })
  const { report } = await importText(ndjson([mug('a', { reviews })]), { target })
  expect(report).toMatchObject({ updated: 1, reviewsAdded: 220 })
  await importText(ndjson([mug('b', { reviews })]), { target })
  for (const id of ['a', 'b'])
    expect(await readProduct({ db, table }, id)).toMatchObject({ rating: { average: 3, count: 250 } })
  expect((await allItems(db, table)).size).toBe(502)
  expect((await importText(ndjson([mug('b', { reviews })]), { target })).report).toMatchObject({
    unchanged: 1,
  })
})

test('a rating counts no reply, and counts a repeated review once', async () => {
  const { db, table } = await freshTables()
  const { rating, ...reply } = review(2, { id: 'r2', parentId: 'r1' })
  const row = mug('a', { reviews: [review(4, { id: 'r1' }), reply, review(9), review(9)] })
  const { report } = await importText(ndjson([row]), { target: { db, table } })
  expect(report).toMatchObject({ created: 1, reviewsAdded: 3 })
  expect(await readProduct({ db, table }, 'a')).toMatchObject({ rating: { average: 5, count: 2 } })
})

test('rows with the same id are applied in the order of the file', async () => {
  const { db, table } = await freshTables()
  const rows = Array.from({ length: 60 }, (_, n) => mug(`m${n % 3}`, { title: `Edition ${n}` }))
  const { report } = await importText(ndjson(rows), { target: { db, table } })
  expect(report).toMatchObject({ created: 3, updated: 57 })
  const titles = await Promise.all(
    [0, 1, 2].map(async (n) => (await readProduct({ db, table }, `m${n}`))?.title),
  )
  expect(titles).toEqual(['Edition 57', 'Edition 58', 'Edition 59'])
})

test('two concurrent imports of the same file end in the same state as one', async () => {
  const one = await freshTables()
  const both = await freshTables()
  const text = ndjson(
    Array.from({ length: 60 }, (_, n) => mug(`m${n}`, { reviews: [review(n), review(n + 1)] })),
  )
  await importText(text, { target: one })
  const reports = await Promise.all([importText(text, { target: both }), importText(text, { target: both })])
  expect(reports.map(({ report }) => report.unwritten)).toEqual([0, 0])
  expect(reports.reduce((sum, { report }) => sum + report.created, 0)).toBe(60)
  expect(withoutTimes(await allItems(both.db, both.table))).toEqual(
    withoutTimes(await allItems(one.db, one.table)),
  )
})
