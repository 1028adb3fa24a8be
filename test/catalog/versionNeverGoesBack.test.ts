import { expect, test, vi } from 'vitest'
import { createProduct } from '../../lib/catalog/product/createProduct.ts'
import { deleteProduct } from '../../lib/catalog/product/deleteProduct.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { patchProduct } from '../../lib/catalog/product/patchProduct.ts'
import { patchVariant } from '../../lib/catalog/product/patchVariant.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct, freshHandlers } from '../support/http.ts'

const { db, table } = await freshTables()
const { content } = parseProduct({ ...aProduct, variants: [{ sku: 'S', price: aProduct.price, stock: 3 }] })
const review = { id: 'r', rating: 4, body: 'x', author: 'ann', createdAt: '2024-01-01T00:00:00Z' }

test('every kind of write raises the version, across delete and re-create, even if the clock goes back', async () => {
  const writes: (() => Promise<{ version: number }>)[] = [
    () => putProduct({ db, table }, '1', content),
    () => patchProduct({ db, table }, '1', { title: 'x' }),
    () => patchVariant({ db, table }, '1', 'S', { stock: { add: 1 } }),
    () => upsertProduct({ db, table }, { id: '1', content, reviews: parseReviews('1', [review]) }),
    () => deleteProduct({ db, table }, '1'),
    () => putProduct({ db, table }, '1', content),
    () => deleteProduct({ db, table }, '1'),
    () => createProduct({ db, table }, '1', content),
    () => deleteProduct({ db, table }, '1'),
    () => upsertProduct({ db, table }, { id: '1', content }),
    () => deleteProduct({ db, table }, '1'),
    () => upsertProduct({ db, table }, { id: '1', content, reviews: parseReviews('1', [review]) }),
    () => putProduct({ db, table }, '1', content),
  ]
  const clock = vi.spyOn(Date, 'now')
  // The SDK signs requests with `new Date()`, which is not mocked.
  let now = Date.now()
  const versions: number[] = []
  for (const write of writes) {
    now -= 60_000
    clock.mockReturnValue(now)
    versions.push((await write()).version)
  }
  clock.mockRestore()
  for (let n = 1; n < versions.length; n++) expect(versions[n]).toBeGreaterThan(versions[n - 1] ?? 0)
})

test('a write that expects a deleted product does not change a new product with the same id', async () => {
  const { call, put } = await freshHandlers()
  const first = await put('2', { body: aProduct })
  const headers = { 'if-match': first.headers.etag ?? '' }
  await call('deleteProduct', { path: { id: '2' } })
  expect((await put('2', { body: aProduct, headers })).statusCode).toBe(412)
  const second = await put('2', { body: aProduct, headers: { 'if-none-match': '*' } })
  expect(second.statusCode).toBe(201)
  expect(second.json.createdAt > first.json.createdAt).toBe(true)
  for (const name of ['putProduct', 'patchProduct', 'deleteProduct']) {
    expect(await call(name, { path: { id: '2' }, body: aProduct, headers })).toMatchObject({
      statusCode: 412,
      json: { currentVersion: second.json.version },
    })
  }
})
