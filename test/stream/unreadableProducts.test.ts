import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { categoriesKey } from '../../lib/catalog/table/keys.ts'
import { freshChanges } from '../support/changes.ts'
import { foreignRows, smallestRow, unreadableRows } from '../support/foreignRows.ts'
import { aProduct } from '../support/http.ts'

const {
  db,
  table,
  put,
  get,
  call,
  withRedis,
  fill,
  entries,
  nextRecords,
  deliverNext,
  deliverUntilDone,
  lastBatch,
} = await freshChanges()
const rows = foreignRows(table)
const noEntries = [undefined, undefined, undefined]

const countOf = async (category: string) => {
  const { Item } = await db.send(
    new GetCommand({ TableName: table, Key: categoriesKey(category), ConsistentRead: true }),
  )
  return Item?.products
}

test('a record of a product that cannot be read removes its entries, is reported with its id, and blocks no other record', async () => {
  await withRedis()
  for (const [n, [what, changes]] of Object.entries(unreadableRows).entries()) {
    const [bad, good] = [`bad${n}`, `good${n}`]
    for (const id of [bad, good]) await put(id, { body: { ...aProduct, category: `only/${id}` } })
    await deliverNext(2)
    for (const id of [bad, good]) await fill(id)
    await rows.put(smallestRow(bad, `only/${bad}`), changes)
    await rows.put(smallestRow(good, `only/${good}`), { version: { N: '9000000000000' } })
    await deliverUntilDone(await nextRecords(2))
    expect(lastBatch(), what).toMatchObject({
      ...{ level: 'error', removals: 2, unreadableItems: 1, unreadable: [bad] },
      _aws: { CloudWatchMetrics: [{ Dimensions: [['stream']] }] },
    })
    expect([what, await entries(bad), await entries(good)]).toEqual([what, noEntries, noEntries])
    expect(await get(bad), what).toMatchObject({ statusCode: 500 })
    // A PUT is an ordinary change again.
    await put(bad, { body: { ...aProduct, category: `only/${bad}` } })
    await deliverUntilDone(await nextRecords(1))
    expect([what, lastBatch().unreadable]).toEqual([what, undefined])
  }
}, 60_000)

test('a product that could not be counted is counted when a PUT has mended it', async () => {
  await withRedis()
  await rows.put(smallestRow('uncounted', 'mended'), { version: { S: '7' } })
  await deliverUntilDone(await nextRecords(1))
  expect(await countOf('mended')).toBeUndefined()
  await put('uncounted', { body: { ...aProduct, category: 'mended' } })
  await deliverUntilDone(await nextRecords(1))
  expect(await countOf('mended')).toBe(1)
})

test('a counter that is not a number is left as it is, and the products are counted in their other categories', async () => {
  await withRedis()
  await rows.put({ pk: { S: 'CATEGORIES' }, sk: { S: 'broken' }, products: { S: 'many' } })
  await put('moving', { body: { ...aProduct, category: 'broken' } })
  await put('other', { body: { ...aProduct, category: 'whole' } })
  await deliverUntilDone(await nextRecords(2))
  expect([await countOf('broken'), await countOf('whole')]).toEqual(['many', 1])
  expect(lastBatch()).toMatchObject({ productsCounted: 2, unreadableItems: 1 })
  await call('deleteProduct', { path: { id: 'other' } })
  await deliverUntilDone(await nextRecords(1))
  expect(await countOf('whole')).toBe(0)
})
