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

test.each([
  ['text', { S: '7' }],
  ['set', { NS: ['9007199254740993', '1'] }],
  ['fraction', { N: '7.5' }],
  ['highest', { N: '9007199254740991' }],
])(
  'a product that could not be counted is counted when a PUT has mended it, and then moves: %s',
  async (name, version) => {
    await withRedis()
    const [id, category] = [`uncounted-${name}`, `mended-${name}`]
    await rows.put(smallestRow(id, category), { version })
    await deliverUntilDone(await nextRecords(1))
    expect(await countOf(category)).toBeUndefined()
    for (const each of [category, `${category}/moved`]) {
      await put(id, { body: { ...aProduct, category: each } })
      await deliverUntilDone(await nextRecords(1))
      expect(await countOf(each)).toBe(1)
    }
    expect(await countOf(category)).toBe(0)
  },
)

test.each([
  ['highest', { N: '9007199254740991' }],
  ['above', { N: '9007199254740993' }],
  ['set', { NS: ['9007199254740993', '1'] }],
])('a marker that no version passes does not stop the count: %s', async (name, asOf) => {
  await withRedis()
  const [id, category] = [`marked-${name}`, `marked-${name}`]
  await rows.put({ pk: { S: `PRODUCT#${id}` }, sk: { S: 'COUNTED' }, asOf })
  await put(id, { body: { ...aProduct, category } })
  await deliverUntilDone(await nextRecords(1))
  expect(await countOf(category)).toBe(1)
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
