import { describe, expect, test } from 'vitest'
import { IdTaken } from '../../lib/catalog/errors.ts'
import { createProduct } from '../../lib/catalog/product/createProduct.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { createKeyedWrite } from '../support/keyedWrite.ts'
import { loseResponses } from '../support/loseResponses.ts'

const { call, get, put } = await freshHandlers()
const post = (body: unknown) => call('postProduct', { body })

describe('POST /products', () => {
  test('creates the product under the sent id, and returns 201 with Location, ETag and the product', async () => {
    const created = await post({ ...aProduct, id: 'pot-1' })
    expect(created).toMatchObject({ statusCode: 201, headers: { location: '/products/pot-1' } })
    expect(created.json).toMatchObject({ id: 'pot-1', ...aProduct, rating: { average: 0, count: 0 } })
    const read = await get('pot-1')
    expect(read.json).toEqual(created.json)
    expect(read.headers.etag).toBe(created.headers.etag)
  })

  test('generates a new id if none was sent', async () => {
    const [a, b] = await Promise.all([post(aProduct), post(aProduct)])
    expect(a.json.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(a.headers.location).toBe(`/products/${a.json.id}`)
    expect(b.json.id).not.toBe(a.json.id)
    expect((await get(a.json.id)).json).toEqual(a.json)
  })

  test('returns 409 if the id is taken, and leaves the existing product unchanged', async () => {
    await put('taken', { body: aProduct })
    const refused = await post({ ...aProduct, id: 'taken', title: 'mine' })
    expect(refused).toMatchObject({ statusCode: 409, json: { type: 'urn:aisle:problem:id-taken' } })
    expect((await get('taken')).json.title).toBe(aProduct.title)
  })

  test('lets one of many concurrent creations of the same id succeed', async () => {
    const responses = await Promise.all(Array.from({ length: 8 }, () => post({ ...aProduct, id: 'race' })))
    expect(responses.map(({ statusCode }) => statusCode).sort()).toEqual([201, ...Array(7).fill(409)])
  })

  test('returns 422 with a pointer to each fault of the body', async () => {
    const refused = await post({ ...aProduct, id: 'no id', stock: -1, colour: 'red' })
    expect(refused.statusCode).toBe(422)
    expect(refused.json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/colour',
      '/id',
      '/stock',
    ])
  })
})

describe('a repeated creation succeeds', async () => {
  const { db, table } = await freshTables()
  const { content } = parseProduct(aProduct)

  test('after its response was lost', async () => {
    const chaos = loseResponses(db, 'PutItemCommand')
    chaos.losses = 1
    expect(await createProduct({ db, table }, 'lost', content)).toMatchObject({ created: true })
    expect(chaos.losses).toBe(0)
  })

  test('with the same key, and is refused without it', async () => {
    const keyed = createKeyedWrite()
    const first = await createProduct({ db, table }, 'again', content, keyed)
    expect(await createProduct({ db, table }, 'again', content, keyed)).toEqual(first)
    await expect(createProduct({ db, table }, 'again', content, createKeyedWrite())).rejects.toThrow(IdTaken)
    await expect(createProduct({ db, table }, 'again', content)).rejects.toThrow(IdTaken)
  })

  test('under the id of the first attempt, however many attempts run at the same time', async () => {
    const keyed = createKeyedWrite()
    const results = await Promise.all(
      Array.from({ length: 5 }, (_, n) => createProduct({ db, table }, `many-${n}`, content, keyed)),
    )
    expect(new Set(results.map(({ value }) => value.id)).size).toBe(1)
    const stored = await Promise.all(results.map((_, n) => readProduct({ db, table }, `many-${n}`)))
    expect(stored.filter((product) => product !== undefined)).toEqual([results[0]?.value])
  })
})
