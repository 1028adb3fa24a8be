import { expect, test } from 'vitest'
import type { ProductItem } from '../../lib/catalog/table/items.ts'
import { audit } from './audit.ts'
import { put } from './examples.ts'
import type { Write } from './history.ts'

type Product = Pick<ProductItem, 'id' | 'title' | 'version' | 'stock'>

/** Returns a table of products. Other attributes do not matter here. */
const tableWith = (...products: Partial<Product>[]) => ({
  products: products.map((each) => ({ version: 1, stock: 10, title: 'x', ...each }) as ProductItem),
  reviews: [],
})
const none = { lost: 0, doubled: 0 }

test('an acknowledged put is lost if the table holds an older one', () => {
  const [older, newer] = [put(1_500, 2), put(1_700, 3)]
  const check = (writes: Write[], title: string, version: number) =>
    audit(writes, tableWith(), tableWith({ id: 'p0', title, version }))
  expect(check([older, newer], 'put 3', 3)).toEqual(none)
  expect(check([older, newer], 'put 2', 2)).toMatchObject({ lost: 1 })
  expect(check([older, newer], 'put 3', 2)).toMatchObject({ lost: 1 })
  // The older put was abandoned before the newer one began, and must not replace it.
  expect(check([older, newer], 'put 2', 4)).toMatchObject({ lost: 1 })
  // The client of the older put still waited when the newer one began, so the older one may happen last.
  expect(check([{ ...older, end: 1_800 }, newer], 'put 2', 4)).toEqual(none)
})

test('a sale is lost if too few units are gone, and doubled if too many are', () => {
  /** The nth sale takes n + 1 units. */
  const sale = (n: number): Write => ({ ...put(1_500, 2), kind: 'stock', id: 'p6', mark: `run stock ${n}` })
  const unacknowledged = (n: number): Write => {
    const { acknowledged: _, ...write } = sale(n)
    return write
  }
  const check = (writes: Write[], gone: number) =>
    audit(writes, tableWith({ id: 'p6', stock: 10 }), tableWith({ id: 'p6', stock: 10 - gone }))
  expect(check([sale(0), sale(1)], 3)).toEqual(none)
  expect(check([sale(0), sale(1)], 1)).toEqual({ lost: 1, doubled: 0 })
  expect(check([sale(0), sale(1)], 5)).toEqual({ lost: 0, doubled: 1 })
  // One sale is lost and the other doubled.
  expect(check([sale(0), sale(1)], 4)).toEqual({ lost: 0, doubled: 1 })
  expect(check([sale(0), sale(1)], 2)).toEqual({ lost: 1, doubled: 0 })
  expect(check([sale(0), unacknowledged(1)], 1)).toEqual(none)
  expect(check([sale(0), unacknowledged(1)], 3)).toEqual(none)
})
