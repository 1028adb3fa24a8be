import { describe, expect, test } from 'vitest'
import { productKey } from '../../lib/catalog/table/items.ts'
import { freshChanges } from '../support/changes.ts'
import { fill as fillTable } from '../support/fill.ts'

const { db, table, catalog, call, withRedis, news, settle, deliver, take, edit, deleteItem, lastBatch } =
  await freshChanges()
const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)
const related = async (id: string): Promise<{ id: string; price: { amount: number } }[]> =>
  (await call('getPage', { path: { id } })).json.related
/** Which of these products' pages are in the cache. */
async function cached(of: string[]) {
  const found = await Promise.all(of.map((id) => catalog.redis.exists(catalog.pages.key(id))))
  return of.filter((_, n) => found[n])
}
describe('what changes a card', () => {
  const all = ids('p', 24)
  const changes: [string, string[], () => Promise<unknown>, number[]][] = [
    ['a price', ['p15'], () => edit('p15', { price: { amount: 1, currency: 'EUR' } }), [7, 23]],
    ['pieces again', ['p15'], () => edit('p15', { stock: 9 }), [7, 23]],
    ['a move to another category', ['p15'], () => edit('p15', { category: 'far' }), [7, 23]],
    ['a move back', ['p15'], () => edit('p15', { category: 'near' }), [7, 23]],
    ['at the end', ['p0'], () => edit('p0', { title: 'First' }), [0, 8]],
    ['a tombstone', ['p20'], () => edit('p20', { deleted: true, version: 9e12 }), [12, 28]],
    ['a removal', ['p10'], () => deleteItem(productKey('p10')), [2, 18]],
  ]

  test('is seen on the pages of its neighbours, and removes no others', async () => {
    await withRedis()
    await fillTable(db, table, 'near', all)
    await fillTable(db, table, 'far', ids('f', 3))
    await settle(27)
    expect((await related('p15')).map(({ id }) => id)).toEqual(
      ['19', '18', '17', '16', '14', '13', '12', '11'].map((n) => `p${n}`),
    )
    for (const [what, [id = ''], change, [from = 0, to = 0]] of changes) {
      for (const each of all) await catalog.pages.get(each)
      expect((await cached(all)).length).toBeGreaterThan(21)
      const before = await cached(all)
      await change()
      const records = await news(1)
      await take(records)
      // A place more on each side where the product itself is gone from the listing.
      const left = await cached(all)
      const removed = before.filter((one) => !left.includes(one))
      expect([what, removed.includes(id)]).toEqual([what, true])
      expect([what, removed.length <= 17 + 1]).toEqual([what, true])
      for (const one of removed) {
        const n = Number(one.slice(1))
        expect([what, one, n >= from - 2 && n <= to + 2]).toEqual([what, one, true])
      }
      // Whose page showed it, or shows it now, is fresh: it is what a load gives.
      for (const one of left) {
        const { value } = await catalog.pages.get(one)
        const now = (await catalog.pages.invalidate(one)) && (await catalog.pages.get(one)).value
        expect([what, one, value]).toEqual([what, one, now])
      }
    }
  }, 60_000)

  test('and what does not removes nothing', async () => {
    await withRedis()
    await fillTable(db, table, 'stock', ids('s', 5))
    await settle(5)
    await edit('s2', { stock: 9 })
    await deliver(await news(1))
    for (const each of ids('s', 5)) await catalog.pages.get(each)
    for (const change of [{ stock: 8 }, { description: 'Other words' }, { tags: ['new'] }]) {
      await edit('s2', change)
      await deliver(await news(1))
      expect(lastBatch()).toMatchObject({ removals: 1 })
      expect(lastBatch()).not.toHaveProperty('fanOutRemovals')
      expect(await cached(ids('s', 5))).toEqual(['s0', 's1', 's3', 's4'])
      await catalog.pages.get('s2')
    }
  })
})

test('a new product comes onto the pages of its neighbours', async () => {
  await withRedis()
  await fillTable(db, table, 'young', ids('y', 3))
  await settle(3)
  expect((await related('y2')).map(({ id }) => id)).toEqual(['y1', 'y0'])
  await fillTable(db, table, 'young', ['y3'], { start: '2026-02-01T00:00:00.000Z' })
  await deliver(await news(1))
  expect((await related('y2')).map(({ id }) => id)).toEqual(['y3', 'y1', 'y0'])
})

test('costs the same in a category of 1,000 products', async () => {
  const { redis } = await withRedis()
  await fillTable(db, table, 'small', ids('a', 17))
  await settle(17)
  await fillTable(db, table, 'large', ids('b', 1000))
  await news(1000)
  const cost = async (id: string, far: string[]) => {
    for (const one of far) await catalog.pages.get(one)
    await edit(id, { price: { amount: 5, currency: 'EUR' }, version: 9e12 })
    const records = await news(1)
    await redis.config('RESETSTAT')
    await take(records)
    expect(await cached(far)).toEqual([])
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
  // Those of the pages, and six by the script that looks at the product's own versions, half of them under the former keys.
  const small = await cost('a8', ['a0', 'a16'])
  expect(small).toEqual({ removals: 1, fanOutRemovals: 16, databaseReads: 2, readUnits: 1, dels: '22' })
  expect(await cost('b500', ['b492', 'b508'])).toEqual(small)
}, 60_000)
