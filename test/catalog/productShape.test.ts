import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { openCaches } from '../../lib/catalog/caches.ts'
import { entrySchema } from '../../lib/catalog/entrySchema.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { productShape } from '../../lib/catalog/product/shape.ts'
import { type ProductPage, readProductPage } from '../../lib/catalog/productPage.ts'
import { toReviewItem } from '../../lib/catalog/reviews/review.ts'
import { placeOfReply, placeOfRoot } from '../../lib/catalog/reviews/thread.ts'
import { toItem, toProduct } from '../../lib/catalog/table/items.ts'
import { foreignRows, smallestRow } from '../support/foreignRows.ts'
import { freshHandlers } from '../support/http.ts'
import { putItems } from '../support/insertProducts.ts'
import { follow } from '../support/openapi.ts'
import { productShapes, releasedSchemas } from '../support/productShapes.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, get, call, redisPort } = await freshHandlers()
const at = '2026-01-02T03:04:05.678Z'

const { content } = parseProduct({
  title: 'Moka pot',
  description: 'Makes coffee.',
  brand: 'Kestrel',
  category: 'kitchen/coffee',
  price: { amount: 2900, currency: 'EUR' },
  compareAtPrice: { amount: 3900, currency: 'EUR' },
  variants: [{ sku: 'S', options: { cups: '3' }, price: { amount: 2900, currency: 'EUR' }, stock: 3 }],
  images: [{ url: 'https://images.example/pot.jpg', alt: 'A pot' }],
  tags: ['coffee'],
  attributes: { colour: 'red', induction: true, weight: 0.61 },
})

const stored = { ratingSum: 14, ratingCount: 3, version: 7, createdAt: at, updatedAt: at, writeId: 'w' }
const pot = toItem('pot', content, stored)

/** A product without any field that can be left out, and without a neighbour. */
const bean = toItem(
  'bean',
  parseProduct({ title: 'Bean', category: 'garden', price: { amount: 1, currency: 'EUR' } }).content,
  { ...stored, ratingSum: 0, ratingCount: 0 },
)

/** The items of a product with every field, of its neighbour, and of a review with a reply. */
function fullItems(): object[] {
  const review = { productId: 'pot', createdAt: at }
  const root = { ...review, id: 'r', rating: 5, title: 'Good', body: 'Good.', author: 'Ann' }
  const reply = { ...review, id: 's', parentId: 'r', body: 'Why?', author: 'Bo' }
  const place = placeOfRoot(root)
  return [
    bean,
    pot,
    toItem('cup', content, stored),
    toReviewItem({ ...root, ...place }),
    toReviewItem({ ...reply, ...placeOfReply(place, reply) }),
  ]
}

const sortFields = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sortFields)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, part]) => [name, sortFields(part)]),
        )
      : value

let page: ProductPage
let smallestPage: ProductPage
beforeAll(async () => {
  await putItems(db, table, fullItems())
  page = (await readProductPage({ db, table }, 'pot')) as ProductPage
  smallestPage = (await readProductPage({ db, table }, 'bean')) as ProductPage
})

/** Lists the fields that a schema of docs/openapi.yml has and a value of the test lacks. */
function missingFields(pointer: string, value: unknown): string[] {
  const { value: schema, pointer: at } = follow<Schema>({ $ref: `#${pointer}` }, pointer)
  if (schema.items) return missingFields(`${at}/items`, (value as unknown[])[0] ?? {})
  return Object.keys(schema.properties ?? {}).flatMap((name) => {
    if (!Object.hasOwn(value as object, name)) return [`${pointer}: ${name}`]
    const part = (value as Record<string, unknown>)[name]
    // A reply has no rating and no title, and its own replies may be empty.
    return name === 'replies' ? [] : missingFields(`${at}/properties/${name}`, part)
  })
}
interface Schema {
  $ref?: string
  properties?: Record<string, unknown>
  items?: unknown
}

describe('a release that changes the JSON of a product has another productShape', () => {
  test('the products of this test have every field that docs/openapi.yml describes', () => {
    const schemas = '/components/schemas'
    expect(missingFields(`${schemas}/Product`, page.product)).toEqual([])
    const parts = missingFields(`${schemas}/Page`, page)
    // Only a reply has it.
    expect(parts).toEqual([`${schemas}/Page/properties/reviews/items: parentId`])
  })

  test.each<[keyof (typeof productShapes)[string], () => unknown]>([
    ['product', () => toProduct(pot)],
    ['page', () => sortFields(page)],
    ['smallestProduct', () => toProduct(bean)],
    ['smallestPage', () => sortFields(smallestPage)],
  ])('the JSON of the %s is as recorded for this shape', (document, read) => {
    expect(
      JSON.stringify(read()),
      `The JSON of the ${document} is not as test/support/productShapes.ts records it for the shape ${productShape}. ` +
        'If you meant to change it, raise productShape in lib/catalog/product/shape.ts by one, and record the new ' +
        'JSON there under the new shape. Never change what is recorded for a shape that was released.',
    ).toBe(productShapes[productShape]?.[document])
  })

  test('no two shapes are recorded with the same JSON, and the last one is in use', () => {
    const shapes = Object.entries(productShapes)
    expect(shapes.at(-1)?.[0]).toBe(productShape)
    expect(new Set(shapes.map(([, documents]) => JSON.stringify(documents))).size).toBe(shapes.length)
  })
})

describe('a release with another productShape', () => {
  const isHit = async (name: string) => (await call(name, { path: { id: 'pot' } })).headers['cache-status']

  test('answers with the new form at once, whatever the client and Redis still have', async () => {
    await freshRedis({ port: redisPort })
    for (const name of ['getProduct', 'getPage']) await expect.poll(() => isHit(name)).toMatch(/^aisle; hit/)
    const { etag = '' } = (await get('pot')).headers
    expect(await get('pot', { headers: { 'if-none-match': etag } })).toMatchObject({ statusCode: 304 })

    vi.resetModules()
    vi.doMock('../../lib/catalog/product/shape.ts', () => ({ productShape: 'next' }))
    const next = await get('pot', { headers: { 'if-none-match': etag } })
    expect(next).toMatchObject({ statusCode: 200, headers: { etag: '"p-7-next"' } })
    expect(next.headers['cache-status']).toMatch(/^aisle; fwd=/)
    expect(await isHit('getPage')).toMatch(/^aisle; fwd=/)
    vi.doUnmock('../../lib/catalog/product/shape.ts')
  })
})

describe('a release before this one, running beside it', () => {
  const caches = openCaches()
  const shown = {
    product: caches.products,
    page: caches.pages,
    reviews: caches.reviews,
    'review-page': caches.reviewPages,
  }
  afterAll(() => caches.close())

  test('has entries of another schema', async () => {
    await freshRedis({ port: redisPort })
    const schemaIn = (raw: string) => raw.split('\t')[1]
    const other = createCacheAside<string>({
      ...{ redis: caches.redis, prefix: table, name: 'default' },
      load: async () => ({ value: 'x', version: 1 }),
    })
    const schemas = async (
      cache: { key(id: string): string; get(id: string): Promise<unknown> },
      id: string,
    ) => {
      await expect
        .poll(async () => {
          await cache.get(id)
          return schemaIn((await caches.redis.get(cache.key(id))) ?? '')
        })
        .toBeTruthy()
      return schemaIn((await caches.redis.get(cache.key(id))) ?? '')
    }
    const defaultSchema = await schemas(other, 'x')
    expect(releasedSchemas).toContain(defaultSchema)
    for (const [name, cache] of Object.entries(shown)) {
      const schema = await schemas(cache, name === 'review-page' ? 'pot|0' : 'pot')
      expect(schema, name).toBe(entrySchema)
      expect(releasedSchemas, name).not.toContain(schema)
    }
  })

  test('never reads null for a product that cannot be read, and this one never reads what it stored', async () => {
    await freshRedis({ port: redisPort })
    const rows = foreignRows(table)
    await rows.put(smallestRow('odd'), { tags: { SS: ['a'] } })
    for (const [name, cache] of Object.entries(shown)) {
      const id = name === 'review-page' ? 'odd|0' : 'odd'
      for (const schema of releasedSchemas) {
        const before = createCacheAside<string>({
          ...{ redis: caches.redis, prefix: table, name, schema },
          load: async () => ({ value: 'from before', version: 7 }),
        })
        await caches.redis.flushall()
        for (let n = 0; n < 3; n++) expect((await cache.get(id)).body, name).toBe('null')
        for (let n = 0; n < 3; n++) expect((await before.get(id)).body, name).toBe('"from before"')
        await caches.redis.flushall()
        for (let n = 0; n < 3; n++) expect((await before.get(id)).body, name).toBe('"from before"')
        for (let n = 0; n < 3; n++) expect((await cache.get(id)).body, name).toBe('null')
      }
    }
  })
})
