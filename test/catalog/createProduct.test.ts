import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { IdTaken } from '../../lib/catalog/errors.ts'
import { createProduct } from '../../lib/catalog/product/createProduct.ts'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { loseAnswers } from '../support/loseAnswers.ts'

const { call, get, put } = await freshHandlers()
const post = (body: unknown) => call('postProduct', { body })

describe('POST /products', () => {
  test('creates the product with the id that was sent: 201, Location, ETag, the product', async () => {
    const created = await post({ ...aProduct, id: 'pot-1' })
    expect(created).toMatchObject({ statusCode: 201, headers: { location: '/products/pot-1' } })
    expect(created.json).toMatchObject({ id: 'pot-1', ...aProduct, rating: { average: 0, count: 0 } })
    const read = await get('pot-1')
    expect(read.json).toEqual(created.json)
    expect(read.headers.etag).toBe(created.headers.etag)
  })

  test('makes an id where none was sent, another one each time', async () => {
    const [a, b] = await Promise.all([post(aProduct), post(aProduct)])
    expect(a.json.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(a.headers.location).toBe(`/products/${a.json.id}`)
    expect(b.json.id).not.toBe(a.json.id)
    expect((await get(a.json.id)).json).toEqual(a.json)
  })

  test('an id that is taken is a 409, and the product that has it stays as it is', async () => {
    await put('taken', { body: aProduct })
    const refused = await post({ ...aProduct, id: 'taken', title: 'mine' })
    expect(refused).toMatchObject({ statusCode: 409, json: { type: 'urn:aisle:problem:id-taken' } })
    expect((await get('taken')).json.title).toBe(aProduct.title)
  })

  test('of many who create the same id at the same moment one succeeds', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post({ ...aProduct, id: 'race' })))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, ...Array(7).fill(409)])
  })

  test('a body with faults is a 422 that points at them', async () => {
    const refused = await post({ ...aProduct, id: 'no id', stock: -1, colour: 'red' })
    expect(refused.statusCode).toBe(422)
    expect(refused.json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/colour',
      '/id',
      '/stock',
    ])
  })
})

describe('a creation that is done again knows its own success', async () => {
  const { db, table } = await freshTables()
  const { content } = parseProduct(aProduct)

  test('when its answer was lost', async () => {
    const chaos = loseAnswers(db, 'PutItemCommand')
    chaos.losses = 1
    expect(await createProduct({ db, table }, 'lost', content, randomUUID())).toMatchObject({ created: true })
    expect(chaos.losses).toBe(0)
  })

  test('when the whole attempt is repeated under the same name, and under another it is refused', async () => {
    const writeId = randomUUID()
    const first = await createProduct({ db, table }, 'again', content, writeId)
    expect(await createProduct({ db, table }, 'again', content, writeId)).toEqual(first)
    await expect(createProduct({ db, table }, 'again', content, randomUUID())).rejects.toThrow(IdTaken)
  })

  test('also where somebody has edited it since, if its id was made for it', async () => {
    const writeId = randomUUID()
    await createProduct({ db, table }, writeId, content, writeId)
    const edited = await putProduct({ db, table }, writeId, { ...content, title: 'edited' })
    expect(await createProduct({ db, table }, writeId, content, writeId)).toMatchObject({
      version: edited.version,
    })
  })
})
