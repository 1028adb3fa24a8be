import { BatchWriteCommand, DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { readProductPage } from '../../lib/catalog/productPage.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toItem } from '../../lib/catalog/table/items.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, get, put, db, table, redisPort } = await freshHandlers()
const page = (id: string, headers: Record<string, string> = {}) => call('getPage', { path: { id }, headers })

/**
 * Starts a Redis, for a test that reads, writes and reads again. Without Redis, a process answers from its last load for a
 * second.
 */
async function withRedis() {
  await freshRedis({ port: redisPort })
  await put('warm', { body: aProduct })
  for (const read of [get, page])
    await expect
      .poll(async () => (await read('warm')).headers['cache-status'], { timeout: 3000 })
      .toMatch(/hit/)
  await expect
    .poll(async () => (await put('warm', { body: aProduct })).headers['cache-status'], { timeout: 3000 })
    .toMatch(/done/)
}

const eur = (amount: number) => ({ amount, currency: 'EUR' })

describe('GET /products/{id}/page', () => {
  test('returns everything that a product page shows', async () => {
    const { content } = parseProduct({
      ...aProduct,
      category: 'kitchen/hot-drinks/moka-pots',
      price: eur(2900),
      compareAtPrice: eur(3500),
      variants: [
        { sku: 'S', options: { size: '3 cups' }, price: eur(2900), stock: 0 },
        { sku: 'M', options: { size: '6 cups' }, price: eur(3500), stock: 5 },
        { sku: 'L', options: { size: '9 cups' }, price: eur(4200), stock: 6 },
      ],
    })
    const reviews = parseReviews(
      'all',
      Array.from({ length: 7 }, (_, n) => [
        { id: `r${n}`, rating: 4, body: 'x', author: 'a', createdAt: `2026-01-0${n + 1}T00:00:00Z` },
        { id: `a${n}`, parentId: `r${n}`, body: 'y', author: 'b', createdAt: `2026-02-01T00:00:00Z` },
      ]).flat(),
    )
    await upsertProduct({ db, table }, { id: 'all', content, reviews })
    const { statusCode, json } = await page('all')
    expect(statusCode).toBe(200)
    expect(Object.keys(json)).toEqual([
      'product',
      'categoryPath',
      'offers',
      'stock',
      'rating',
      'reviews',
      'related',
    ])
    expect(json.product).toEqual((await get('all')).json)
    expect(json.categoryPath).toEqual([
      { path: 'kitchen', name: 'Kitchen' },
      { path: 'kitchen/hot-drinks', name: 'Hot drinks' },
      { path: 'kitchen/hot-drinks/moka-pots', name: 'Moka pots' },
    ])
    expect(json.offers).toEqual({
      lowPrice: eur(2900),
      highPrice: eur(4200),
      items: [
        {
          sku: 'S',
          options: { size: '3 cups' },
          price: eur(2900),
          compareAtPrice: eur(3500),
          stock: 0,
          availability: 'out-of-stock',
        },
        { sku: 'M', options: { size: '6 cups' }, price: eur(3500), stock: 5, availability: 'low-stock' },
        { sku: 'L', options: { size: '9 cups' }, price: eur(4200), stock: 6, availability: 'in-stock' },
      ],
    })
    expect(json.stock).toBe(11)
    expect(json.rating).toEqual({ average: 4, count: 7 })
    expect(json.reviews.map(({ id }: { id: string }) => id)).toEqual(['r6', 'r5', 'r4', 'r3', 'r2'])
    expect(json.reviews[0].replies).toMatchObject([{ id: 'a6', parentId: 'r6', replies: [] }])
    expect(json.related).toEqual([])
  })

  test('returns the product itself as the only offer if it has no variants', async () => {
    await put('one', { body: { ...aProduct, price: eur(500), stock: 3 } })
    expect((await page('one')).json.offers).toEqual({
      lowPrice: eur(500),
      highPrice: eur(500),
      items: [{ options: {}, price: eur(500), stock: 3, availability: 'low-stock' }],
    })
  })

  test('returns offers in other currencies, and leaves them out of the price range', async () => {
    await withRedis()
    const yen = { amount: 1, currency: 'JPY' }
    const variants = [
      { sku: 'a', price: yen },
      { sku: 'b', price: eur(700) },
    ]
    await put('yen', { body: { ...aProduct, price: eur(900), compareAtPrice: eur(950), variants } })
    const { offers } = (await page('yen')).json
    expect(offers).toMatchObject({ lowPrice: eur(700), highPrice: eur(700) })
    expect(offers.items[0]).toMatchObject({ price: yen })
    expect(offers.items[0]).not.toHaveProperty('compareAtPrice')
    await put('yen', { body: { ...aProduct, price: eur(900), variants: variants.slice(0, 1) } })
    expect((await page('yen')).json.offers).toMatchObject({ lowPrice: eur(900), highPrice: eur(900) })
  })

  test('returns 404 if there is no such product', async () => {
    expect(await page('nothing')).toMatchObject({
      statusCode: 404,
      headers: { 'cache-status': expect.stringContaining('aisle; fwd=') },
      json: { type: 'urn:aisle:problem:no-such-product' },
    })
    expect((await page('../x')).statusCode).toBe(400)
  })

  test('returns 304 for its ETag until anything on the page changes', async () => {
    await withRedis()
    await put('tag', { body: aProduct })
    const { headers } = await page('tag')
    const condition = { 'if-none-match': headers.etag ?? '' }
    const same = await page('tag', condition)
    expect(same).toMatchObject({ statusCode: 304, headers: { etag: headers.etag } })
    expect(same.body).toBeUndefined()
    const review = { rating: 1, body: 'No', author: 'x' }
    expect((await call('postReview', { path: { id: 'tag' }, body: review })).statusCode).toBe(201)
    expect((await page('tag', condition)).statusCode).toBe(200)
  })
})

describe('the related products of a page', () => {
  test('are the cards of the eight nearest products of the same category, newest first', async () => {
    const category = 'garden/tools'
    for (let n = 0; n < 11; n++) {
      const { content } = parseProduct({
        ...aProduct,
        category: n === 10 ? 'garden/tools/small' : category,
        title: `Tool ${n}`,
        stock: n,
        ...(n === 8 && {
          brand: 'Spade & Sons',
          compareAtPrice: eur(9900),
          images: [{ url: '/front.jpg', alt: 'Front' }, { url: '/back.jpg' }],
        }),
      })
      const reviews = parseReviews(
        `tool${n}`,
        n === 8 ? [{ rating: 5, body: 'x', author: 'y', createdAt: '2026-01-01T00:00:00Z' }] : [],
      )
      const createdAt = `2026-01-${10 + n}T00:00:00Z`
      await upsertProduct({ db, table }, { id: `tool${n}`, content, createdAt, reviews })
    }
    const related = async (id: string) => (await page(id)).json.related
    const ids = async (id: string) => (await related(id)).map((card: { id: string }) => card.id)
    const tools = (numbers: string) => [...numbers].map((n) => `tool${n}`)
    expect(await ids('tool9')).toEqual(tools('87654321'))
    expect(await ids('tool0')).toEqual(tools('87654321'))
    expect(await ids('tool5')).toEqual(tools('98764321'))
    expect(await ids('tool6')).toEqual(tools('98754321'))
    expect(await ids('tool3')).toEqual(tools('87654210'))
    expect(await ids('tool10')).toEqual([])
    expect((await related('tool9')).slice(0, 2)).toEqual([
      {
        id: 'tool8',
        title: 'Tool 8',
        brand: 'Spade & Sons',
        price: aProduct.price,
        compareAtPrice: eur(9900),
        image: { url: '/front.jpg', alt: 'Front' },
        rating: { average: 5, count: 1 },
        availability: 'in-stock',
      },
      {
        id: 'tool7',
        title: 'Tool 7',
        price: aProduct.price,
        rating: { average: 0, count: 0 },
        availability: 'in-stock',
      },
    ])
  })

  test('leave out products that are deleted but still in the index', async () => {
    const behind = await freshTables()
    const { content } = parseProduct(aProduct)
    for (const id of ['x', 'y', 'z']) await upsertProduct(behind, { id, content })
    behind.db.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const result = await next(args)
          if (commandName !== 'QueryCommand' || !('IndexName' in args.input)) return result
          if (args.input.IndexName !== 'byCategory') return result
          const tombstone = { ...productKey('y'), id: 'y', deleted: true, version: 9 }
          await behind.db.send(new PutCommand({ TableName: behind.table, Item: tombstone }))
          await behind.db.send(new DeleteCommand({ TableName: behind.table, Key: productKey('z') }))
          return result
        },
      { step: 'initialize' },
    )
    expect((await readProductPage(behind, 'x'))?.related).toEqual([])
  })

  test('fail the whole page if they cannot be read', async () => {
    const broken = await freshTables()
    const { content } = parseProduct(aProduct)
    await upsertProduct(broken, { id: 'x', content })
    await upsertProduct(broken, { id: 'y', content })
    expect((await readProductPage(broken, 'x'))?.related).toHaveLength(1)
    broken.db.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'BatchGetItemCommand') return next(args)
          throw Object.assign(new Error('Slow down'), { name: 'ThrottlingException' })
        },
      { step: 'initialize' },
    )
    await expect(readProductPage(broken, 'x')).rejects.toThrow('Slow down')
  })
})

describe('the cost of a page', () => {
  /** Reads one page, and returns its read units for each kind of request. */
  async function measure(client: Awaited<ReturnType<typeof freshTables>>, id: string) {
    const requests: Record<string, number> = {}
    client.db.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as typeof args.input
          const result = await next({ ...args, input })
          const { ConsumedCapacity } = result.output as { ConsumedCapacity?: object }
          const units = [ConsumedCapacity ?? []].flat() as { CapacityUnits?: number }[]
          const index = (args.input as { IndexName?: string }).IndexName
          const name = index ? `${commandName} ${index}` : commandName
          requests[name] =
            (requests[name] ?? 0) + units.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)
          return result
        },
      { step: 'initialize', name: 'measure', override: true },
    )
    const read = await readProductPage(client, id)
    client.db.middlewareStack.remove('measure')
    if (!read) throw new Error('No page')
    return { requests, related: read.related.length }
  }

  test('is the same with ten and with a thousand products in the category', async () => {
    const tables = await freshTables()
    const { content } = parseProduct({ ...aProduct, description: 'x'.repeat(1500) })
    const items = Array.from({ length: 1000 }, (_, n) => {
      const createdAt = new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()
      return toItem(`p${n}`, content, {
        ratingSum: 0,
        ratingCount: 0,
        version: 1,
        createdAt,
        updatedAt: createdAt,
        writeId: 'test',
      })
    })
    const write = async (from: number, to: number) => {
      for (let n = from; n < to; n += 25) {
        const puts = items.slice(n, Math.min(n + 25, to)).map((Item) => ({ PutRequest: { Item } }))
        await tables.db.send(new BatchWriteCommand({ RequestItems: { [tables.table]: puts } }))
      }
    }
    await write(0, 10)
    const reviews = parseReviews(
      'p0',
      Array.from({ length: 30 }, (_, n) => ({
        rating: 4,
        body: `Review ${n}`,
        author: 'Ana',
        createdAt: new Date(Date.UTC(2026, 1, 1 + n)).toISOString(),
      })),
    )
    await upsertProduct(tables, { id: 'p0', content, reviews })
    const few = await measure(tables, 'p0')
    await write(10, 1000)
    const many = await measure(tables, 'p0')
    expect(many).toEqual(few)
    console.log(`a page: ${JSON.stringify(many)}`)
    expect(many.related).toBe(8)
    expect(Object.keys(many.requests).sort()).toEqual([
      'BatchGetItemCommand',
      'GetItemCommand',
      'QueryCommand byCategory',
      'QueryCommand byThread',
    ])
    expect(many.requests).toMatchObject({
      GetItemCommand: 1,
      BatchGetItemCommand: 8,
      // For the query of newer products. p0 is the oldest, so the query of older products finds none.
      'QueryCommand byCategory': 0.5,
    })
  }, 30_000)
})
