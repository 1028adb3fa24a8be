import slotOf from 'cluster-key-slot'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, put, db, table, redisPort, lastLines } = await freshHandlers()
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

/** Starts a Redis, and waits until both caches use it. */
async function startCache(): Promise<Redis> {
  await freshRedis({ port: redisPort })
  await createReviewed('connected', 25)
  const query = { cursor: nextOf(await read('connected')) ?? '' }
  for (const page of [undefined, query])
    await expect
      .poll(async () => (await read('connected', page)).headers['cache-status'], { timeout: 5000 })
      .toMatch(/^aisle; hit/)
  const redis = new Redis(redisPort)
  onTestFinished(() => redis.disconnect())
  return redis
}

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
      ids.push(...page.json.items.map(({ id }: { id: string }) => id))
      sizes.push(page.json.items.length)
      cursor = nextOf(page)
      expect(page.headers.link === undefined).toBe(cursor === undefined)
    } while (cursor !== undefined && sizes.length < 10)
    expect(sizes).toEqual([20, 20, 5])
    expect(ids).toEqual(Array.from({ length: 45 }, (_, n) => `r${44 - n}`))
  })

  test('returns every page from the cache with its Link', async () => {
    await createReviewed('b', 45)
    await startCache()
    const pages: Awaited<ReturnType<typeof read>>[] = []
    for (let cursor: string | undefined; pages.length < 3; cursor = nextOf(pages.at(-1) ?? { headers: {} })) {
      const query = cursor === undefined ? undefined : { cursor }
      const miss = await read('b', query)
      const hit = await read('b', query)
      expect(miss.headers['cache-status']).toMatch(/^aisle; fwd=uri-miss; stored; ttl=\d+$/)
      expect(hit.headers['cache-status']).toMatch(/^aisle; hit; ttl=\d+$/)
      expect(hit.json).toEqual(miss.json)
      expect(hit.headers.link).toBe(miss.headers.link)
      pages.push(hit)
    }
    expect(pages.map(({ json }) => json.items.length)).toEqual([20, 20, 5])
  })

  test('reads a further page from the table once in ten seconds, and no write removes it', async () => {
    await createReviewed('once', 25)
    const redis = await startCache()
    const query = { cursor: nextOf(await read('once')) ?? '' }
    const first = await read('once', query)
    expect((await put('once', { body: { ...aProduct, title: 'Renamed' } })).statusCode).toBe(200)
    const again = await read('once', query)
    expect(JSON.parse(lastLines()[0] ?? '')).not.toHaveProperty('readUnits')
    expect(again.json).toEqual(first.json)
    const keys = await redis.keys('*{once|*:review-page:*')
    expect(keys).toHaveLength(1)
    for (const key of keys) expect(await redis.pttl(key)).toBeLessThanOrEqual(10_000)
    // The first page is removed by the write, so it is in the hash slot of the product. A further page has its own.
    expect(slotOf(keys[0] ?? '')).not.toBe(slotOf('{once}'))
  })

  test('lets no CDN keep a further page for longer than the cache does', async () => {
    await createReviewed('cdn', 25)
    await startCache()
    const query = { cursor: nextOf(await read('cdn')) ?? '' }
    for (let n = 0; n < 2; n++) {
      const [, fresh, revalidating, onError] =
        /s-maxage=(\d+), stale-while-revalidate=(\d+), stale-if-error=(\d+)$/.exec(
          (await read('cdn', query)).headers['cache-control'] ?? '',
        ) ?? []
      expect(Number(fresh)).toBeLessThan(10)
      expect([revalidating, onError]).toEqual(['0', '0'])
    }
  })

  test('returns 404 for a further page of a product that was deleted', async () => {
    await createReviewed('gone', 25)
    await startCache()
    const query = { cursor: nextOf(await read('gone')) ?? '' }
    await call('deleteProduct', { path: { id: 'gone' } })
    expect(await read('gone', query)).toMatchObject({
      statusCode: 404,
      json: { type: 'urn:aisle:problem:no-such-product' },
    })
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
