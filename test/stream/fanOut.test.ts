import { describe, expect, test } from 'vitest'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { freshChanges } from '../support/changes.ts'
import { insertProducts } from '../support/insertProducts.ts'

const {
  db,
  table,
  catalog,
  call,
  withRedis,
  nextRecords,
  deliverNext,
  deliver,
  deliverUntilDone,
  edit,
  deleteItem,
  lastBatch,
} = await freshChanges()
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)
const related = async (id: string): Promise<{ id: string; price: { amount: number } }[]> =>
  (await call('getPage', { path: { id } })).json.related

/** Returns those of the products whose page is in the cache. */
async function cachedPages(ids: string[]) {
  const found = await Promise.all(ids.map((id) => catalog.redis.exists(catalog.pages.key(id))))
  return ids.filter((_, n) => found[n])
}

describe('a change of a product', () => {
  const all = names('p', 24)
  /** What changes, of which product, and the first and last neighbour whose page shows the product. */
  const changes: [string, string, () => Promise<unknown>, [number, number]][] = [
    ['the price', 'p15', () => edit('p15', { price: { amount: 1, currency: 'EUR' } }), [7, 23]],
    ['the availability', 'p15', () => edit('p15', { stock: 9 }), [7, 23]],
    ['a move to another category', 'p15', () => edit('p15', { category: 'far' }), [7, 23]],
    ['a move back', 'p15', () => edit('p15', { category: 'near' }), [7, 23]],
    ['the title of the oldest product', 'p0', () => edit('p0', { title: 'First' }), [0, 8]],
    ['a tombstone', 'p20', () => edit('p20', { deleted: true, version: 9e12 }), [12, 28]],
    ['a removal', 'p10', () => deleteItem(productKey('p10')), [2, 18]],
  ]

  test('that changes its card removes the pages of its neighbours, and no other pages', async () => {
    await withRedis()
    await insertProducts(db, table, 'near', all)
    await insertProducts(db, table, 'far', names('f', 3))
    await deliverNext(27)
    expect((await related('p15')).map(({ id }) => id)).toEqual(
      ['19', '18', '17', '16', '14', '13', '12', '11'].map((n) => `p${n}`),
    )
    for (const [what, id, change, [from, to]] of changes) {
      for (const each of all) await catalog.pages.get(each)
      expect((await cachedPages(all)).length).toBeGreaterThan(21)
      const before = await cachedPages(all)
      await change()
      const records = await nextRecords(1)
      await deliverUntilDone(records)
      const remaining = await cachedPages(all)
      const removed = before.filter((each) => !remaining.includes(each))
      expect([what, removed.includes(id)]).toEqual([what, true])
      // The product's own page and eight on each side, and one more if the product leaves the listing.
      expect([what, removed.length <= 17 + 1]).toEqual([what, true])
      for (const each of removed) {
        const n = Number(each.slice(1))
        expect([what, each, n >= from - 2 && n <= to + 2]).toEqual([what, each, true])
      }
      // Every page that is still in the cache equals a page that is loaded now.
      for (const each of remaining) {
        const { value } = await catalog.pages.get(each)
        await catalog.pages.invalidate(each)
        const loaded = (await catalog.pages.get(each)).value
        expect([what, each, value]).toEqual([what, each, loaded])
      }
    }
  }, 60_000)

  test('that does not change its card removes no page of its neighbours', async () => {
    await withRedis()
    await insertProducts(db, table, 'stock', names('s', 5))
    await deliverNext(5)
    await edit('s2', { stock: 9 })
    await deliver(await nextRecords(1))
    for (const each of names('s', 5)) await catalog.pages.get(each)
    for (const change of [{ stock: 8 }, { description: 'Other words' }, { tags: ['new'] }]) {
      await edit('s2', change)
      await deliver(await nextRecords(1))
      expect(lastBatch()).toMatchObject({ removals: 1 })
      expect(lastBatch()).not.toHaveProperty('fanOutRemovals')
      expect(await cachedPages(names('s', 5))).toEqual(['s0', 's1', 's3', 's4'])
      await catalog.pages.get('s2')
    }
  })
})

test('a product that another program makes unreadable disappears from the pages of its neighbours, and comes back', async () => {
  await withRedis()
  await insertProducts(db, table, 'odd', names('o', 3))
  await deliverNext(3)
  const shown = async () => (await related('o2')).map(({ id }) => id)
  expect(await shown()).toEqual(['o1', 'o0'])
  for (const [tags, ids] of [
    [new Set(['new']), ['o0']],
    [['new'], ['o1', 'o0']],
  ] as const) {
    await edit('o1', { tags })
    await deliverUntilDone(await nextRecords(1))
    expect(await shown()).toEqual(ids)
  }
})

test('a new product appears on the pages of its neighbours', async () => {
  await withRedis()
  await insertProducts(db, table, 'young', names('y', 3))
  await deliverNext(3)
  expect((await related('y2')).map(({ id }) => id)).toEqual(['y1', 'y0'])
  await insertProducts(db, table, 'young', ['y3'], { start: '2026-02-01T00:00:00.000Z' })
  await deliver(await nextRecords(1))
  expect((await related('y2')).map(({ id }) => id)).toEqual(['y3', 'y1', 'y0'])
})

test('removing the pages of the neighbours costs the same in a category of 1,000 products', async () => {
  const { redis } = await withRedis()
  await insertProducts(db, table, 'small', names('a', 17))
  await deliverNext(17)
  await insertProducts(db, table, 'large', names('b', 1000))
  await nextRecords(1000)
  const cost = async (id: string, far: string[]) => {
    for (const each of far) await catalog.pages.get(each)
    await edit(id, { price: { amount: 5, currency: 'EUR' }, version: 9e12 })
    const records = await nextRecords(1)
    await redis.config('RESETSTAT')
    await deliverUntilDone(records)
    expect(await cachedPages(far)).toEqual([])
    const stats = await redis.info('commandstats')
    const { removals, fanOutRemovals, databaseReads, readUnits } = lastBatch()
    return {
      removals,
      fanOutRemovals,
      databaseReads,
      readUnits,
      dels: /cmdstat_del:calls=(\d+)/.exec(stats)?.[1],
    }
  }
  // 16 for the pages, and six by the script that compares the versions of the product's own entries, half of them for the
  // former keys.
  const small = await cost('a8', ['a0', 'a16'])
  expect(small).toEqual({ removals: 1, fanOutRemovals: 16, databaseReads: 2, readUnits: 1, dels: '22' })
  expect(await cost('b500', ['b492', 'b508'])).toEqual(small)
}, 60_000)
