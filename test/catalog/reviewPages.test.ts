import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, put, db, table, redisPort } = await freshHandlers()
const read = (id: string, query?: Record<string, string>, headers = {}) =>
  call('getReviews', { path: { id }, headers, ...(query && { query }) })

/** Creates a product with this many reviews, whose texts look like a cursor. */
async function createReviewed(id: string, count: number) {
  const reviews = Array.from({ length: count }, (_, n) => ({
    id: `r${n}`,
    rating: 5,
    body: '","next":"x"}',
    author: ',"next":"y"}',
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString(),
  }))
  const { content } = parseProduct(aProduct)
  await upsertProduct({ db, table }, { id, content, reviews: parseReviews(id, reviews) })
}

const nextOf = ({ headers }: { headers: Record<string, string> }) =>
  /^<\/products\/[^/]+\/reviews\?cursor=([^>&]+)>; rel="next"$/.exec(headers.link ?? '')?.[1]

describe('GET /products/{id}/reviews', () => {
  test('links each page to the next by Link, and the body has only items', async () => {
    await createReviewed('a', 45)
    const ids: string[] = []
    const sizes: number[] = []
    let cursor: string | undefined
    do {
      const page = await read('a', cursor === undefined ? undefined : { cursor })
      expect(page.statusCode).toBe(200)
      expect(Object.keys(page.json)).toEqual(['items'])
      if (cursor !== undefined) expect(page.headers['cache-status']).toBe('aisle; fwd=bypass; detail=cursor')
      ids.push(...page.json.items.map(({ id }: { id: string }) => id))
      sizes.push(page.json.items.length)
      cursor = nextOf(page)
      expect(page.headers.link === undefined).toBe(cursor === undefined)
    } while (cursor !== undefined && sizes.length < 10)
    expect(sizes).toEqual([20, 20, 5])
    expect(ids).toEqual(Array.from({ length: 45 }, (_, n) => `r${44 - n}`))
  })

  test('returns the first page from the cache with its Link, and does not use Redis for later pages', async () => {
    await createReviewed('b', 25)
    await freshRedis({ port: redisPort })
    await expect
      .poll(async () => (await read('b')).headers['cache-status'], { timeout: 3000 })
      .toMatch(/^aisle; hit/)
    const hit = await read('b')
    const cursor = nextOf(hit)
    if (!cursor) throw new Error('No next page')
    expect(hit.json.items).toHaveLength(20)
    const redis = new Redis(redisPort)
    onTestFinished(() => redis.disconnect())
    const before = await redis.dbsize()
    expect((await read('b', { cursor })).json.items).toHaveLength(5)
    expect(await redis.dbsize()).toBe(before)
  })

  test('returns 304 for the ETag of each page', async () => {
    await createReviewed('c', 25)
    const first = await read('c')
    const cursor = nextOf(first) ?? ''
    const second = await read('c', { cursor })
    expect(second.headers.etag).not.toBe(first.headers.etag)
    for (const [page, query] of [
      [first, undefined],
      [second, { cursor }],
    ] as const) {
      const again = await read('c', query, { 'if-none-match': page.headers.etag })
      expect(again.statusCode).toBe(304)
      expect(again.body).toBeUndefined()
    }
  })

  test("returns 400 for a forged cursor, an empty cursor and another product's cursor", async () => {
    await createReviewed('d', 25)
    await createReviewed('e', 25)
    const cursor = nextOf(await read('d')) ?? ''
    expect((await read('d', { cursor })).statusCode).toBe(200)
    for (const [id, wrong] of [
      ['e', cursor],
      ['d', ''],
      ['d', `${cursor}x`],
      ['d', 'x'.repeat(10_000)],
    ] as const) {
      expect(await read(id, { cursor: wrong })).toMatchObject({
        statusCode: 400,
        json: { type: 'urn:aisle:problem:invalid-cursor' },
      })
    }
  })

  test('returns 404 for a missing product, and an empty list for a product without reviews', async () => {
    expect(await read('nothing')).toMatchObject({
      statusCode: 404,
      json: { type: 'urn:aisle:problem:no-such-product' },
    })
    expect((await read('a b')).statusCode).toBe(400)
    await put('f', { body: aProduct })
    expect((await read('f')).json).toEqual({ items: [] })
  })
})
