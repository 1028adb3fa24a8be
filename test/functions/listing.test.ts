import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { InvalidCursor } from '../../lib/catalog/errors.ts'
import { openCursors } from '../../lib/catalog/table/cursor.ts'
import { freshHandlers } from '../support/http.ts'
import { insertProducts, putItems } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, put, redisPort, lastLines } = await freshHandlers()
const price = { amount: 100, currency: 'EUR' }

const fill = (category: string, ids: string[], options?: Parameters<typeof insertProducts>[4]) =>
  insertProducts(db, table, category, ids, options)
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)
const list = (query: Record<string, string>) => call('getProducts', { query })
type ListResponse = Awaited<ReturnType<typeof list>>
const idsOf = ({ json }: ListResponse): string[] => json.items.map(({ id }: { id: string }) => id)

/** Returns the query of the next page, from the Link header. */
function nextOf({ headers }: ListResponse): Record<string, string> | undefined {
  const link = headers.link
  if (link === undefined) return undefined
  const [, path = ''] = /^<(\/products\?[\w%&=.~*-]+)>; rel="next"$/.exec(link) ?? []
  return Object.fromEntries(new URL(path, 'http://localhost').searchParams)
}

/** Reads all pages of a listing, and returns the ids on each. */
async function readPages(query: Record<string, string>): Promise<string[][]> {
  const all: string[][] = []
  for (let next: Record<string, string> | undefined = query; next; ) {
    const response: ListResponse = await list(next)
    expect(response.statusCode).toBe(200)
    all.push(idsOf(response))
    next = nextOf(response)
    if (all.length > 100) throw new Error('The listing has more than 100 pages')
  }
  return all
}

await fill('shop', names('s', 3))
await fill('shop/a', names('a', 20), { start: '2026-01-01T00:00:00.500Z' })
await fill('shop/a/deep', names('d', 4), { start: '2026-01-01T00:00:02.200Z' })
await fill('shop-other', names('o', 2))
await fill('same', names('t', 7), { step: 0 })

/** The ids of the products in `shop` and below it, newest first. */
const shop = [
  ...names('s', 3).map((id, n) => [n * 1000, id] as const),
  ...names('a', 20).map((id, n) => [500 + n * 1000, id] as const),
  ...names('d', 4).map((id, n) => [2200 + n * 1000, id] as const),
]
  .sort(([a], [b]) => b - a)
  .map(([, id]) => id)

describe('GET /products?category=', () => {
  test('lists the products in the category and below it, newest first', async () => {
    const response = await list({ category: 'shop', limit: '100' })
    expect(response.statusCode).toBe(200)
    expect(idsOf(response)).toEqual(shop)
    expect(response.headers.link).toBeUndefined()
    expect(Object.keys(response.json)).toEqual(['items'])
    expect(idsOf(await list({ category: 'shop/a/deep' }))).toEqual(['d3', 'd2', 'd1', 'd0'])
  })

  test.each(['1', '2', '5', '26', '27', '28'])(
    'returns each product on exactly one page, with a limit of %s',
    async (limit) => {
      const all = await readPages({ category: 'shop', limit })
      expect(all.flat()).toEqual(shop)
      for (const page of all.slice(0, -1)) expect(page).toHaveLength(Number(limit))
      // The last page has no link, so there is no empty page after it.
      expect(all).toHaveLength(Math.ceil(shop.length / Number(limit)))
    },
  )

  test('reads a listing once for a hundred limits, and for every page of it', async () => {
    await freshRedis({ port: redisPort })
    const read = () => list({ category: 'shop', limit: '100' })
    await expect.poll(async () => (await read()).headers['cache-status'], { timeout: 5000 }).toMatch(/hit/)
    for (let limit = 1; limit <= 100; limit++) {
      await list({ category: 'shop', limit: `${limit}` })
      expect(JSON.parse(lastLines()[0] ?? ''), `limit ${limit}`).not.toHaveProperty('readUnits')
    }
    await readPages({ category: 'shop', limit: '2' })
    expect(JSON.parse(lastLines()[0] ?? '')).not.toHaveProperty('readUnits')
    const redis = new Redis(redisPort)
    onTestFinished(() => redis.disconnect())
    expect(await redis.keys('*:listing:*')).toHaveLength(1)
  })

  test('continues a page in the next chunk of the listing', async () => {
    await fill('long/a', names('l', 130))
    await fill('long/b', names('m', 130), { start: '2026-01-01T00:00:00.500Z' })
    const newestFirst = names('l', 130)
      .flatMap((id, n) => [id, `m${n}`])
      .reverse()
    await expect
      .poll(async () => (await readPages({ category: 'long', limit: '100' })).flat(), { timeout: 20_000 })
      .toEqual(newestFirst)
    for (const limit of ['100', '37', '30'])
      expect((await readPages({ category: 'long', limit })).flat(), limit).toEqual(newestFirst)
  })

  test('continues where a page ended, however many products came since', async () => {
    await fill('busy', names('old', 130))
    const first = await list({ category: 'busy', limit: '40' })
    await fill('busy', names('new', 230), { start: '2026-02-01T00:00:00.000Z' })
    // Without Redis, this process remembers the first chunk for up to a second.
    await expect
      .poll(async () => idsOf(await list({ category: 'busy', limit: '1' })), { timeout: 30_000 })
      .toEqual(['new229'])
    const second = await list({ ...nextOf(first), limit: '40' })
    expect(idsOf(second)).toEqual(names('old', 90).reverse().slice(0, 40))
    expect(idsOf(await list({ ...nextOf(second), limit: '100' }))).toEqual(names('old', 50).reverse())
  })

  test('takes a cursor of an earlier release, which is a position alone', async () => {
    const cursor = await openCursors({ db, table }).sign('listing/same', '2026-01-01T00:00:00.000Z#t4')
    expect(idsOf(await list({ category: 'same', cursor }))).toEqual(['t3', 't2', 't1', 't0'])
  })

  test('gives no cursor that an earlier release would take for a position alone', async () => {
    const cursor = nextOf(await list({ category: 'same', limit: '2' }))?.cursor ?? ''
    const cursors = openCursors({ db, table })
    await expect(cursors.read('listing/same', cursor)).rejects.toBeInstanceOf(InvalidCursor)
    const [text = ''] = cursor.split('.')
    expect(Buffer.from(text, 'base64url').toString()).toBe('|2026-01-01T00:00:00.000Z#t5')
  })

  test('returns 24 products per page by default, and loses none of several products with the same time', async () => {
    expect(idsOf(await list({ category: 'shop' }))).toEqual(shop.slice(0, 24))
    expect((await readPages({ category: 'same', limit: '3' })).flat()).toEqual(names('t', 7).reverse())
  })

  test('continues at the same position if newer products are added', async () => {
    await fill('moving', names('m', 6))
    const first = await list({ category: 'moving', limit: '3' })
    await fill('moving', names('new', 3), { start: '2026-02-01T00:00:00.000Z' })
    expect(idsOf(first)).toEqual(['m5', 'm4', 'm3'])
    expect(idsOf(await list(nextOf(first) ?? {}))).toEqual(['m2', 'm1', 'm0'])
  })

  test('returns an empty list for an unknown category, and lists a category that the tree does not contain yet', async () => {
    expect(await list({ category: 'no/such' })).toMatchObject({ statusCode: 200, body: '{"items":[]}' })
    await put('first', { body: { title: 'First', category: 'brand/new', price } })
    expect(idsOf(await list({ category: 'brand/new' }))).toEqual(['first'])
  })

  test.each(['', 'Shop', 'shop/', '/shop', 'a//b', 'a/b/c/d/e/f/g/h/i', 'x'.repeat(201), 'a|', 'ä', 'a\0'])(
    'returns 400 for the category %j',
    async (category) => {
      expect(await list({ category })).toMatchObject({
        statusCode: 400,
        json: { type: 'urn:aisle:problem:invalid-category' },
      })
    },
  )

  test.each(['0', '101', '1000', '-1', '1.5', '', 'x', '1e1', ' 5', '0x5'])(
    'returns 400 for the limit %j',
    async (limit) => {
      expect(await list({ category: 'shop', limit })).toMatchObject({
        statusCode: 400,
        json: { type: 'urn:aisle:problem:invalid-limit' },
      })
    },
  )

  test("returns 400 for another category's cursor and for a forged cursor", async () => {
    const { cursor = '' } = nextOf(await list({ category: 'shop', limit: '1' })) ?? {}
    expect((await list({ category: 'shop', limit: '2', cursor })).statusCode).toBe(200)
    const own = await openCursors({ db, table }).sign('listing/shop', '2026')
    const others = ['', 'x', `${cursor}A`, cursor.slice(1), own.replace(/^./, 'A')]
    for (const [category, each] of [['shop/a', cursor], ...others.map((each) => ['shop', each])] as const) {
      const response = await list({ category: String(category), cursor: String(each) })
      expect(response).toMatchObject({ statusCode: 400, json: { type: 'urn:aisle:problem:invalid-cursor' } })
    }
  })

  test('returns 400 for a category with more subcategories than a listing covers', async () => {
    const counters = names('c', 100).map((name) => ({ pk: 'CATEGORIES', sk: `broad/${name}`, products: 1 }))
    await putItems(db, table, counters)
    // While Redis is away, this process remembers the tree for up to a second.
    await expect
      .poll(() => list({ category: 'broad' }), { timeout: 4000, interval: 300 })
      .toMatchObject({ statusCode: 400, json: { type: 'urn:aisle:problem:category-too-broad' } })
    const { json } = await list({ category: 'broad' })
    expect(json.detail).toContain('100 categories below broad')
    await db.send(new DeleteCommand({ TableName: table, Key: { pk: 'CATEGORIES', sk: 'broad/c0' } }))
    await expect
      .poll(async () => (await list({ category: 'broad' })).statusCode, { timeout: 4000, interval: 300 })
      .toBe(200)
  })

  test('returns fewer products per page if they are too large for one response, and loses none', async () => {
    const ids = names('large', 70)
    await fill('large', ids, { description: '"'.repeat(19_000) })
    const all = await readPages({ category: 'large', limit: '100' })
    expect(all.length).toBe(2)
    expect(all.flat()).toEqual(ids.toReversed())
  })

  test('returns the current products even if the listing is a hit, and leaves out deleted products', async () => {
    await freshRedis({ port: redisPort })
    await fill('live', names('l', 3))
    const read = () => list({ category: 'live', limit: '2' })
    await expect.poll(async () => (await read()).headers['cache-status'], { timeout: 3000 }).toMatch(/hit/)
    await put('l2', { body: { title: 'Cheaper', category: 'live', price: { amount: 50, currency: 'EUR' } } })
    const cheaper = await read()
    expect(cheaper.json.items[0]).toMatchObject({ id: 'l2', price: { amount: 50 } })
    expect(cheaper.headers['cache-status']).toContain('detail=hits:2/3')
    expect((await read()).headers['cache-status']).toMatch(/^aisle; hit; ttl=\d+$/)
    // The listing's entry decides which products are listed: a new product appears only after the entry expires.
    await put('l3', { body: { title: 'New', category: 'live', price } })
    expect(idsOf(await read())).toEqual(['l2', 'l1'])
    const gone = await call('deleteProduct', { path: { id: 'l1' } })
    expect(gone.statusCode).toBeLessThan(300)
    const left = await read()
    expect(idsOf(left)).toEqual(['l2'])
    expect(idsOf(await list(nextOf(left) ?? {}))).toEqual(['l0'])
  })
})
