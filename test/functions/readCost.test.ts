import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toReviewItem } from '../../lib/catalog/reviews/review.ts'
import { maxReplies, maxReplyBytes } from '../../lib/catalog/reviews/thread.ts'
import { toItem } from '../../lib/catalog/table/items.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { type Call, freshHandlers } from '../support/http.ts'
import { putItems } from '../support/insertProducts.ts'

/*
 * Builds the dearest anonymous request of each route, and holds its read units against docs/limits.md. The categories,
 * ids and reviews are as long as they may be.
 */

const { db, table, call, redisPort, lastLines } = await freshHandlers()
let server: Server
let redis: Redis

/** A path of 200 characters below `root`. */
const toPath = (root: string, n: number) => `${root}/${`${n}-`.padEnd(199 - root.length, 'x')}`
/** An id of 128 characters. */
const toId = (name: string) => `${name}-`.padEnd(128, 'x')
const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()
const price = { amount: 100, currency: 'EUR' }

/** Makes the item of a product with this much text: 0 is the least that a product has. */
function toProductItem(id: string, category: string, createdAt: string, textLength = 0) {
  const attributes = Object.fromEntries(
    Array.from({ length: Math.floor(textLength / 2000) }, (_, n) => [`${n}`, 'x'.repeat(2000)]),
  )
  const description = 'x'.repeat(textLength % 2000)
  const { content } = parseProduct({ title: 't', category, price, description, attributes })
  const stored = { ratingSum: 0, ratingCount: 0, version: 1, createdAt, updatedAt: createdAt, writeId: 'w' }
  return toItem(id, content, stored)
}

/** As much text as fits into an item of 4 KB, and into the largest product. */
const textOfSmall = 2900
const textOfLargest = 258_000

const roots = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/**
 * How many products the first categories of a broad one hold, newest first: all products of one category are newer than
 * those of the next. For a merge of a hundred positions this is the dearest spread, in the first chunk of the listing
 * and in the second one too. Each category looks as if all newest products were in it, until a newer one is read on.
 */
const blocks = [101, 108, 60, 60, 30, 30, 30, 30, 30, 15, 15, 15, 15, 15, 15, 15]

/**
 * Makes the items of a category with 99 categories below it: {@link blocks}, and a product in every other one, which has
 * to be asked too. The newest `shown` products have this much text.
 */
function toBroadCategory(root: string, textLength: number, shown: number): object[] {
  let age = 0
  const all = Array.from({ length: 100 }, (_, n) => {
    const category = n === 99 ? root : toPath(root, n)
    return Array.from({ length: blocks[n] ?? 1 }, (_, k) =>
      toProductItem(toId(`${root}${n}.${k}`), category, at(1_000_000 - age), age++ < shown ? textLength : 0),
    )
  })
  const counters = all.map((products) => ({
    ...{ pk: 'CATEGORIES', sk: products[0]?.category, products: products.length },
  }))
  return [...all.flat(), ...counters]
}

/**
 * Makes the items of a product's reviews: perhaps a short one first, then the largest thread, then the largest reviews.
 */
function toReviewItems(productId: string, startsShort: boolean): object[] {
  const body = '\u20ac'.repeat(5000)
  const uuid = (name: string) => name.padEnd(36, 'x')
  const root = (id: string, n: number, text: string) => ({
    ...{ id: uuid(id), rating: 5, author: 'A', createdAt: at(n), body: text },
  })
  // As many replies as a thread may have, and as many bytes.
  const overhead = 350 + productId.length - 128
  const reply = (n: number) => ({
    ...root(`reply${n}`, 1000 + n, 'x'.repeat(Math.floor(maxReplyBytes / maxReplies) - overhead)),
    ...{ parentId: uuid('full'), rating: undefined },
  })
  const reviews = [
    ...Array.from({ length: 60 }, (_, n) => root(`large${n}`, n, body)),
    root('full', 100, body),
    ...Array.from({ length: maxReplies }, (_, n) => reply(n)),
    ...(startsShort ? [root('short', 200, 'x')] : []),
  ]
  return parseReviews(productId, reviews).map((review) => toReviewItem(review))
}

const [full, second] = [toId('full'), toId('second')]
const batch = Array.from({ length: 100 }, (_, n) => toId(`batch${n}`))

/** How many of the newest products a page that begins in the middle of a chunk may show. */
const shownOfLongest = 160

/** Puts the products, with this much text in those that an answer shows. */
async function putProducts(textLength: number) {
  for (const root of roots)
    await putItems(db, table, toBroadCategory(root, textLength, root === 'a' ? shownOfLongest : 4))
  for (const [n, id] of [full, second, ...batch].entries())
    await putItems(db, table, [toProductItem(id, toPath('page', 0), at(n), textLength)])
}

beforeAll(async () => {
  server = await startRedis({ binary: findRedisBinary() ?? 'redis-server', port: redisPort })
  redis = new Redis(redisPort)
  await putProducts(textOfSmall)
  await putItems(db, table, [...toReviewItems(full, false), ...toReviewItems(second, true)])
  // Connects.
  await call('getProduct', { path: { id: full } })
}, 120_000)
afterAll(async () => {
  redis?.disconnect()
  await server?.stop('SIGKILL')
})

/** Returns the read units of one request, with an empty cache unless `isWarm`. */
async function unitsOf(name: string, request: Call, { isWarm = false } = {}): Promise<number> {
  const send = async () => {
    if (!isWarm) await redis.flushall()
    return call(name, { ...request, authorizer: null })
  }
  let { statusCode, body } = await send()
  // On a busy machine a thousand Queries of DynamoDB Local take longer than a load may. Such a load stores nothing.
  for (let n = 0; n < 3 && statusCode === 503 && !isWarm; n++) ({ statusCode, body } = await send())
  // A hundred of the largest products are read before they turn out to be too large for one response.
  const isTooLarge = name === 'getProducts' && body?.includes('answer-too-large')
  expect(statusCode, body).toBe(isTooLarge ? 413 : request.route === otherPaths ? 404 : 200)
  return JSON.parse(lastLines()[0] ?? '').readUnits ?? 0
}

const cursorOf = async () => {
  const { headers } = await call('getReviews', { path: { id: second } })
  return /cursor=([^>]+)>/.exec(headers.link ?? '')?.[1] ?? ''
}

/** Returns the cursor after this many products of a category. The page that begins there reads two chunks. */
const cursorInListing = async (after: number) => {
  const query = { category: 'a', limit: '10' }
  let cursor: string | undefined
  for (let n = 0; n < after; n += 10) {
    const { headers } = await call('getProducts', { query: { ...query, ...(cursor && { cursor }) } })
    cursor = decodeURIComponent(/cursor=([^>&]+)/.exec(headers.link ?? '')?.[1] ?? '')
  }
  return cursor ?? ''
}

/** The route of every other path. */
const otherPaths = 'GET /{path+}'

/** The dearest request of each row. */
const dearest: Record<string, () => Promise<[name: string, request: Call]>> = {
  'GET /products/{id}': async () => ['getProduct', { path: { id: full } }],
  'GET /products?ids=': async () => ['getProducts', { query: { ids: batch.join() } }],
  'GET /products?category=': async () => ['getProducts', { query: { category: 'a', limit: '100' } }],
  'GET /products?category=&cursor=': async () => [
    'getProducts',
    { query: { category: 'a', limit: '100', cursor: await cursorInListing(50) } },
  ],
  'GET /products/{id}/page': async () => ['getPage', { path: { id: full } }],
  'GET /products/{id}/reviews': async () => ['getReviews', { path: { id: full } }],
  'GET /products/{id}/reviews?cursor=': async () => [
    'getReviews',
    { path: { id: second }, query: { cursor: await cursorOf() } },
  ],
  'GET /categories': async () => ['getCategories', {}],
  'GET /health': async () => ['getHealth', {}],
  'GET /': async () => ['storefront', { route: 'GET /' }],
  'GET /c/{category+}': async () => ['storefront', { route: 'GET /c/{category+}', path: { category: 'a' } }],
  'GET /c/{category+}?cursor=': async () => [
    'storefront',
    {
      route: 'GET /c/{category+}',
      path: { category: 'a' },
      query: { cursor: await cursorInListing(90) },
    },
  ],
  'GET /p/{id}': async () => ['storefront', { route: 'GET /p/{id}', path: { id: full } }],
  'GET /assets/{name}': async () => [
    'storefront',
    { route: 'GET /assets/{name}', path: { name: 'style-000000000000.css' } },
  ],
  'GET /pictures/{name}': async () => [
    'storefront',
    { route: 'GET /pictures/{name}', path: { name: 'perch-stool.svg' } },
  ],
  'GET /robots.txt': async () => ['storefront', { route: 'GET /robots.txt' }],
  'GET /favicon.ico': async () => ['storefront', { route: 'GET /favicon.ico' }],
  [otherPaths]: async () => ['storefront', { route: otherPaths, path: { path: 'nosuch' } }],
}

/** The table of docs/limits.md, by the request in its first column. */
const rows = new Map(
  readFileSync(join(projectDirectory, 'docs/limits.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, request, , before, small, largest, dev, prod] = line.split('|').map((cell) => cell.trim())
      const name = /^`(GET [^`]+)`$/.exec(request ?? '')?.[1]
      return name ? [[name, { before, small, largest, dev, prod }] as const] : []
    }),
)
const toNumber = (text: string | undefined) => Number(text?.replaceAll(',', ''))

describe('docs/limits.md bounds what an anonymous read costs:', () => {
  describe.each([
    ['small', textOfSmall],
    ['largest', textOfLargest],
  ] as const)('products of the size "%s"', (size, textLength) => {
    beforeAll(async () => {
      if (size === 'largest') await putProducts(textLength)
    }, 120_000)

    test.each(Object.keys(dearest))('%s', async (name) => {
      const bound = toNumber(rows.get(name)?.[size])
      const [handler, request] = (await dearest[name]?.()) ?? ['', {}]
      const units = await unitsOf(handler, request)
      expect(units).toBeLessThanOrEqual(bound)
      // The bound is not a guess.
      expect(units).toBeGreaterThanOrEqual(0.8 * bound)
      if (name !== 'GET /health') expect(await unitsOf(handler, request, { isWarm: true })).toBe(0)
    })
  })

  test('every public route has a row', () => {
    const { functions } = parseYaml(readFileSync(join(projectDirectory, 'serverless.yml'), 'utf8'))
    const routes = Object.values<{ events?: { httpApi?: unknown }[] }>(functions)
      .flatMap(({ events = [] }) => events.flatMap(({ httpApi }) => httpApi ?? []))
      .filter((route) => typeof route === 'string')
      // A page costs the same with HEAD, and another path with any method.
      .map((route) => (route.endsWith(' /{path+}') ? otherPaths : route.replace(/^HEAD /, 'GET ')))
    expect(routes.length).toBeGreaterThan(10)
    const described = new Set([...rows.keys()].map((name) => name.replace(/\?.*/, '')))
    expect([...described].sort()).toEqual([...new Set(routes)].sort())
    expect([...rows.keys()].sort()).toEqual(Object.keys(dearest).sort())
  })

  test('the ceilings of dev and prod bear as many as the table says', () => {
    const { params } = parseYaml(readFileSync(join(projectDirectory, 'serverless.yml'), 'utf8'))
    for (const [name, { small, dev, prod }] of rows) {
      const bound = toNumber(small)
      const perSecond = (ceiling: number) => (bound === 0 ? 0 : Math.floor(ceiling / bound))
      expect([toNumber(dev), toNumber(prod)], name).toEqual([
        perSecond(params.default.maxReadUnits),
        perSecond(params.prod.maxReadUnits),
      ])
    }
  })
})
