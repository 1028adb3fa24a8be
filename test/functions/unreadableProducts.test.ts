import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseProductWithId } from '../../lib/catalog/writes.ts'
import { Contract } from '../support/contract.ts'
import { foreignRows, smallestRow, unreadableRows } from '../support/foreignRows.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, get, put, redisPort, lastLines } = await freshHandlers()
const rows = foreignRows(table)
const contract = new Contract()
const unreadable = { statusCode: 500, json: { type: 'urn:aisle:problem:stored-product-unreadable' } }
const json = 'application/merge-patch+json'

/** Puts a row that cannot be read between two products that can, in a category of their own. */
let categories = 0
async function aShelf(changes: (typeof unreadableRows)[string]) {
  const category = `shelf${++categories}`
  const [older, bad, newer] = ['older', 'bad', 'newer'].map((name) => `${category}-${name}`) as [
    string,
    string,
    string,
  ]
  await rows.put(smallestRow(older, category, 1))
  await rows.put(smallestRow(bad, category, 2), changes)
  await rows.put(smallestRow(newer, category, 3))
  return { category, older, bad, newer }
}

/** The read routes of one product. */
const reads = (id: string) =>
  [
    ['getProduct', call('getProduct', { path: { id } })],
    ['getPage', call('getPage', { path: { id } })],
    ['getReviews', call('getReviews', { path: { id } })],
  ] as const

async function flush(port: number) {
  const redis = new Redis(port)
  await redis.flushall()
  redis.disconnect()
}

const idsOf = ({ json }: { json: { items: { id: string }[] } }) => json.items.map(({ id }) => id)

describe.each(Object.entries(unreadableRows))('a stored product with %s', (what, changes) => {
  test('is a 500 problem of its own type on each of its routes, with nothing of its content', async () => {
    await freshRedis({ port: redisPort })
    const { bad } = await aShelf(changes)
    for (const [name, response] of reads(bad)) {
      expect(await response, name).toMatchObject(unreadable)
      contract.checkAnswer(name, await response)
      expect((await response).json.detail).toMatch(/cannot be read.*PUT.*mends/)
      expect(Object.keys((await response).json).sort()).toEqual(['detail', 'status', 'title', 'type'])
    }
    const page = await call('storefront', { route: 'GET /p/{id}', path: { id: bad } })
    expect(page.statusCode).toBe(500)
    expect(page.headers['content-type']).toContain('text/html')
  })

  test('fails none of its neighbours: it is left out of lists and pages, and a batch names it', async () => {
    await freshRedis({ port: redisPort })
    const { category, older, bad, newer } = await aShelf(changes)
    const batch = await call('getProducts', { query: { ids: [newer, bad, 'none', older].join() } })
    contract.checkAnswer('getProducts', batch)
    expect(idsOf(batch)).toEqual([newer, older])
    expect(batch.json).toMatchObject({ missing: ['none'], unreadable: [bad] })
    const list = await call('getProducts', { query: { category } })
    contract.checkAnswer('getProducts', list)
    expect(idsOf(list)).toEqual([newer, older])
    const page = await call('getPage', { path: { id: newer } })
    contract.checkAnswer('getPage', page)
    const related: string[] = page.json.related.map(({ id }: { id: string }) => id)
    expect(related).toEqual([older])
    const html = await call('storefront', { route: 'GET /c/{category+}', path: { category } })
    expect(html.statusCode).toBe(200)
    for (const id of [older, newer]) expect(html.body).toContain(`/p/${id}"`)
    expect(html.body).not.toContain(`/p/${bad}"`)
  })

  test('refuses changes and reviews with the same problem, and nothing is written', async () => {
    const { bad: id } = await aShelf(changes)
    const before = await rows.get(id)
    const headers = { 'content-type': json }
    const patch = await call('patchProduct', { path: { id }, headers, body: { title: 'New' } })
    const stock = await call('patchVariant', { path: { id, sku: 'S' }, headers, body: { stock: 3 } })
    const body = { rating: 5, body: 'Good', author: 'Ann' }
    const review = await call('postReview', { path: { id }, body })
    for (const [name, response] of Object.entries({
      patchProduct: patch,
      patchVariant: stock,
      postReview: review,
    })) {
      expect(response, name).toMatchObject(unreadable)
      contract.checkAnswer(name, response)
    }
    expect(await rows.get(id)).toEqual(before)
  })

  test('keeps its id, which a POST does not take', async () => {
    const { bad: id } = await aShelf(changes)
    expect(await call('postProduct', { body: { ...aProduct, id } })).toMatchObject({
      statusCode: 409,
      json: { type: 'urn:aisle:problem:id-taken' },
    })
  })

  test('is mended by a PUT, with a higher version, and by an import', async () => {
    await freshRedis({ port: redisPort })
    const { category, bad, older, newer } = await aShelf(changes)
    expect(await get(bad)).toMatchObject(unreadable)
    const mended = await put(bad, { body: { ...aProduct, category } })
    expect(mended).toMatchObject({ statusCode: 200, json: { ...aProduct, category } })
    expect(mended.json.version).toBeGreaterThan(7)
    expect(await get(bad)).toMatchObject({ statusCode: 200, body: mended.body })
    // A product keeps its creation time, and so its place, if it can be read.
    const order = what.includes('creation time') ? [bad, newer, older] : [newer, bad, older]
    expect(idsOf(await call('getProducts', { query: { category } }))).toEqual(order)
    const other = await aShelf(changes)
    const content = parseProductWithId(other.bad, aProduct)
    expect(await upsertProduct({ db, table }, { id: other.bad, content })).toMatchObject({
      outcome: 'updated',
    })
    expect(await get(other.bad)).toMatchObject({ statusCode: 200, json: aProduct })
  })

  test('can be deleted', async () => {
    await freshRedis({ port: redisPort })
    const { bad: id, older } = await aShelf(changes)
    expect(await get(id)).toMatchObject(unreadable)
    expect(await call('deleteProduct', { path: { id } })).toMatchObject({ statusCode: 204 })
    expect(await get(id)).toMatchObject({ statusCode: 404 })
    expect(await get(older)).toMatchObject({ statusCode: 200 })
  })
})

describe('a stored product without the fields that have a default', () => {
  test('is served with the defaults on every route', async () => {
    await freshRedis({ port: redisPort })
    const { bad: id, category, newer } = await aShelf({})
    const product = await get(id)
    contract.checkAnswer('getProduct', product)
    expect(product.json).toMatchObject({
      ...{ description: '', variants: [], stock: 0, images: [], tags: [], attributes: {} },
      ...{ id, version: 7, rating: { average: 0, count: 0 } },
    })
    const page = await call('getPage', { path: { id } })
    contract.checkAnswer('getPage', page)
    expect(page.json.related[0]).toMatchObject({ id: newer, availability: 'out-of-stock' })
    expect(idsOf(await call('getProducts', { query: { category } }))).toContain(id)
    const html = await call('storefront', { route: 'GET /p/{id}', path: { id } })
    expect(html).toMatchObject({ statusCode: 200, body: expect.stringContaining(`Row ${id}`) })
  })

  test('serves NULL as missing, and the defaults of variants and images', async () => {
    const [nothing, price] = [{ NULL: true as const }, smallestRow('x').price]
    const { bad: id } = await aShelf({
      ...{ brand: nothing, description: nothing, compareAtPrice: nothing, tags: nothing },
      variants: { L: [{ M: { sku: { S: 'S' }, ...(price && { price }) } }] },
      images: { L: [{ M: { url: { S: '/pictures/x.svg' } } }] },
    })
    const product = await get(id)
    contract.checkAnswer('getProduct', product)
    expect(product.json).toMatchObject({
      variants: [{ sku: 'S', options: {}, stock: 0 }],
      images: [{ url: '/pictures/x.svg', alt: '' }],
    })
    expect(product.json).not.toHaveProperty('brand')
    // Both stocks are missing. An addition starts at 0.
    const sold = await call('patchVariant', { path: { id, sku: 'S' }, body: { stock: { add: 3 } } })
    expect(sold).toMatchObject({ statusCode: 200, json: { stock: 3, variants: [{ stock: 3 }] } })
    const headers = { 'content-type': json }
    const patched = await call('patchProduct', { path: { id }, headers, body: { title: 'New' } })
    expect(patched).toMatchObject({ statusCode: 200, json: { title: 'New', stock: 3 } })
  })

  test.each([
    ['a missing', undefined],
    ['a NULL', { NULL: true as const }],
  ])('takes a review, with %s mark of deletion', async (_, deleted) => {
    const { bad: id } = await aShelf({ deleted })
    expect(await get(id)).toMatchObject({ statusCode: 200 })
    const review = await call('postReview', {
      path: { id },
      body: { rating: 4, body: 'Good', author: 'Ann' },
    })
    expect(review).toMatchObject({ statusCode: 201 })
    // Without Redis, this process remembers the product for up to a second.
    await expect
      .poll(async () => (await get(id)).json.rating, { timeout: 4000 })
      .toEqual({ average: 4, count: 1 })
  })
})

describe('a read of a product that cannot be read', () => {
  test('is counted, and its line has the kind of the item and no id', async () => {
    await freshRedis({ port: redisPort })
    const { bad, category } = await aShelf({ tags: { SS: ['a'] } })
    await get(bad)
    const line = lastLines()[0] ?? ''
    expect(JSON.parse(line)).toMatchObject({
      ...{ level: 'error', status: 500, unreadableItems: 1 },
      warnings: [expect.stringContaining('kind PRODUCT')],
      _aws: {
        CloudWatchMetrics: [
          { Metrics: expect.arrayContaining([{ Name: 'unreadableItems', Unit: 'Count' }]) },
        ],
      },
    })
    expect(line).not.toContain(category)
  })

  test('is cached like any other, so the next ones cost the database nothing, also in a list', async () => {
    await freshRedis({ port: redisPort })
    const { bad, older } = await aShelf({ tags: { SS: ['a'] } })
    await expect
      .poll(async () => [(await get(bad)).statusCode, JSON.parse(lastLines()[0] ?? '').hits], {
        timeout: 5000,
      })
      .toEqual([500, 1])
    expect(JSON.parse(lastLines()[0] ?? '')).not.toHaveProperty('databaseReads')
    await get(older)
    const batch = await call('getProducts', { query: { ids: `${bad},${older}` } })
    expect(batch.headers['cache-status']).toMatch(/^aisle; hit/)
    expect(batch.json).toMatchObject({ unreadable: [bad], missing: [] })
  })

  test('ends with a 412 if a PUT expects a version, and the stored one cannot be read', async () => {
    const { bad } = await aShelf({ version: { S: '7' } })
    const before = await rows.get(bad)
    const headers = { 'if-match': '"p-7"' }
    const response = await put(bad, { headers, body: aProduct })
    expect(response).toMatchObject({
      statusCode: 412,
      json: { type: 'urn:aisle:problem:precondition-failed' },
    })
    expect(response.json).not.toHaveProperty('currentVersion')
    expect(await rows.get(bad)).toEqual(before)
    expect(await put(bad, { headers: { 'if-none-match': '*' }, body: aProduct })).toMatchObject({
      statusCode: 412,
    })
    expect(await put(bad, { headers: { 'if-match': '*' }, body: aProduct })).toMatchObject({
      statusCode: 200,
    })
  })
})

test.each([
  ['PUT', (id: string) => put(id, { body: aProduct })],
  ['POST', (id: string) => call('postProduct', { body: { ...aProduct, id } })],
  [
    'POST with a key',
    (id: string) =>
      call('postProduct', { body: { ...aProduct, id }, headers: { 'idempotency-key': 'mends' } }),
  ],
])(
  'a tombstone that cannot be read is mended by a %s, and the old reviews do not come back',
  async (how, write) => {
    await freshRedis({ port: redisPort })
    const id = `gone-${how.replaceAll(' ', '-')}`
    await put(id, { body: aProduct })
    const body = { rating: 1, body: 'Old', author: 'Ann' }
    expect(await call('postReview', { path: { id }, body })).toMatchObject({ statusCode: 201 })
    const { pk, sk } = smallestRow(id)
    await rows.put({ ...(pk && { pk }), ...(sk && { sk }), deleted: { BOOL: true } })
    expect(await get(id)).toMatchObject(unreadable)
    expect(await write(id)).toMatchObject({ statusCode: 201 })
    expect((await call('getReviews', { path: { id } })).json.items).toEqual([])
    expect((await get(id)).json.rating).toEqual({ average: 0, count: 0 })
  },
)

test('a review that cannot be read is left out, and its neighbours stay', async () => {
  await put('reviewed', { body: aProduct })
  for (const text of ['One', 'Two', 'Three'])
    await call('postReview', { path: { id: 'reviewed' }, body: { rating: 3, body: text, author: 'Ann' } })
  const list = async () => (await call('getReviews', { path: { id: 'reviewed' } })).json.items
  const [, second] = await list()
  const row = await rows.get('reviewed', `REVIEW#${second.id}`)
  for (const body of [{ SS: ['Two'] }, { N: '9007199254740993' }, { B: Buffer.from('Two') }, undefined]) {
    await rows.put(row ?? {}, { body })
    await expect.poll(async () => (await list()).length, { timeout: 3000 }).toBe(2)
    expect((await list()).map(({ body }: { body: string }) => body)).toEqual(['Three', 'One'])
    const page = await call('getPage', { path: { id: 'reviewed' } })
    contract.checkAnswer('getPage', page)
    expect(page.json.reviews).toHaveLength(2)
  }
})

test('a counter that is not a number is left out of the tree, and the others stay', async () => {
  for (const [sk, products] of Object.entries({
    good: { N: '2' },
    text: { S: '2' },
    big: { N: '9007199254740993' },
  }))
    await rows.put({ pk: { S: 'CATEGORIES' }, sk: { S: sk }, products })
  const tree = await call('getCategories')
  contract.checkAnswer('getCategories', tree)
  expect(tree.json.items.map(({ path }: { path: string }) => path)).toEqual(['good'])
})

test('further reviews of a product that a PUT has mended come back long before the ten seconds of such a page end', async () => {
  await freshRedis({ port: redisPort })
  const id = 'mended-reviews'
  await put(id, { body: aProduct })
  for (let n = 0; n < 22; n++)
    await call('postReview', { path: { id }, body: { rating: 5, body: `${n}`, author: 'Ann' } })
  const first = await call('getReviews', { path: { id } })
  const cursor = /cursor=([^>&]+)/.exec(first.headers.link ?? '')?.[1] ?? ''
  const further = () => call('getReviews', { path: { id }, query: { cursor } })
  await expect
    .poll(async () => (await further()).headers['cache-status'], { timeout: 5000 })
    .toMatch(/^aisle; hit/)
  const row = (await rows.get(id)) ?? {}
  await rows.put(row, { tags: { SS: ['a'] }, version: { N: `${Number(row.version?.N) + 1}` } })
  // No stream removes the entries here.
  await flush(redisPort)
  for (let n = 0; n < 2; n++) expect(await further()).toMatchObject(unreadable)
  expect(await put(id, { body: aProduct })).toMatchObject({ statusCode: 200 })
  await expect.poll(async () => (await further()).statusCode, { timeout: 5000, interval: 100 }).toBe(200)
})

test('a row without a valid position is left out of its category, and so is its product from pages', async () => {
  await freshRedis({ port: redisPort })
  const { category, older, newer } = await aShelf({})
  for (const [n, listedAt] of ['', '2026', '2026-01-01#', 'a|b#c', `${'9'.repeat(900)}#x`]
    .filter(Boolean)
    .entries())
    await rows.put(smallestRow(`odd${n}`, category), { listedAt: { S: listedAt } })
  // Rows that were copied with the position of another product, unchanged or moved.
  await rows.put(smallestRow('copy', category, 1), { listedAt: { S: `2026-01-01T00:00:04.000Z#${older}` } })
  await rows.put(smallestRow('twin', category, 1), { listedAt: { S: `2026-01-01T00:00:01.000Z#${older}` } })
  await rows.put(smallestRow('child', `${category}/sub`, 1), {
    listedAt: { S: `2026-01-01T00:00:01.000Z#${older}` },
  })
  await rows.put({ pk: { S: 'CATEGORIES' }, sk: { S: `${category}/sub` }, products: { N: '1' } })
  const all = await call('getProducts', { query: { category } })
  expect(idsOf(all)).toEqual([newer, `${category}-bad`, older])
  const html = await call('storefront', { route: 'GET /c/{category+}', path: { category } })
  expect(html.body?.split(`/p/${older}"`)).toHaveLength(2)
  const list = await call('getProducts', { query: { category, limit: '3' } })
  expect(list.statusCode).toBe(200)
  expect((await call('getProducts', { query: { category, limit: '1' } })).statusCode).toBe(200)
  const page = await call('getPage', { path: { id: newer } })
  expect(page.statusCode).toBe(200)
  expect(new Set(page.json.related.map(({ id }: { id: string }) => id)).size).toBe(page.json.related.length)
})
