import { describe, expect, test } from 'vitest'
import { aProduct, freshHandlers } from '../support/http.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, put, get, redisPort } = await freshHandlers()
const batch = (ids: string, headers = {}) => call('getProducts', { query: { ids }, headers })

for (const id of ['a', 'b', 'c']) await put(id, { body: { ...aProduct, title: id } })
const idsOf = ({ json }: { json: { items: { id: string }[] } }) => json.items.map(({ id }) => id)

describe('GET /products?ids=', () => {
  test('returns the products in the order of the ids, byte for byte as GET /products/{id}, and names the missing ids', async () => {
    const response = await batch('c,none,a,b,nor-this')
    expect(response.statusCode).toBe(200)
    expect(idsOf(response)).toEqual(['c', 'a', 'b'])
    expect(response.json.missing).toEqual(['none', 'nor-this'])
    const bodies = await Promise.all(['c', 'a', 'b'].map(async (id) => (await get(id)).body))
    expect(response.body).toBe(`{"items":[${bodies.join()}],"missing":["none","nor-this"]}`)
  })

  test('returns each product once, at the first position of its id', async () => {
    const response = await batch('b,a,b,none,a,none')
    expect(idsOf(response)).toEqual(['b', 'a'])
    expect(response.json.missing).toEqual(['none'])
  })

  test('accepts 100 ids and no more', async () => {
    const ids = Array.from({ length: 100 }, (_, n) => `n${n}`)
    expect((await batch(ids.join())).json.missing).toEqual(ids)
    expect(await batch([...ids, 'one-more'].join())).toMatchObject({
      statusCode: 400,
      json: { type: 'urn:aisle:problem:too-many-ids' },
    })
    // Ids are counted before duplicates are removed, so the work is bounded.
    expect((await batch('a,'.repeat(4000))).json.type).toBe('urn:aisle:problem:too-many-ids')
  })

  test.each([
    ['no id', '', 1],
    ['an empty id', 'a,,b', 2],
    ['a space', 'a, b', 2],
    ['a path', 'a,b,../c', 3],
    ['a letter outside ASCII', 'ä', 1],
    ['half of a surrogate pair', 'a,\ud83d', 2],
    ['NUL', 'a,b\0', 2],
  ])('returns 400 for %s, and names the position of the invalid id', async (_, ids, position) => {
    const { statusCode, json } = await batch(ids)
    expect(statusCode).toBe(400)
    expect(json).toMatchObject({ type: 'urn:aisle:problem:invalid-id' })
    expect(json.detail).toContain(`number ${position} `)
  })

  test('returns 400 without ids and category, or with both, and names the valid parameters', async () => {
    for (const query of [undefined, { limit: '3' }, { ids: 'a', category: 'kitchen' }]) {
      const { statusCode, json } = await call('getProducts', query ? { query } : {})
      expect(statusCode).toBe(400)
      expect(json).toMatchObject({ type: 'urn:aisle:problem:ids-or-category' })
      expect(json.detail).toMatch(/ids=.*category=/)
    }
  })

  test('is a hit only if all products are hits, and reports the number of hits', async () => {
    await freshRedis({ port: redisPort })
    const status = async (ids: string) => (await batch(ids)).headers['cache-status']
    await expect.poll(() => status('a,b'), { timeout: 3000 }).toMatch(/^aisle; hit; ttl=\d+$/)
    expect(await status('a,b,c')).toMatch(/^aisle; fwd=uri-miss; stored; ttl=\d+; detail=hits:2\/3$/)
    expect(await status('a,b,c')).toMatch(/^aisle; hit; ttl=\d+$/)
    // That a product does not exist is cached too.
    expect(await status('a,absent')).toContain('detail=hits:1/2')
    expect(await status('a,absent')).toMatch(/^aisle; hit; ttl=[0-5]$/)
  })

  test('has an ETag that changes if one of its products changes, and only then', async () => {
    await freshRedis({ port: redisPort })
    const first = await batch('a,b')
    expect(first.headers['cache-control']).toMatch(/s-maxage=\d+/)
    const again = await batch('a,b', { 'if-none-match': first.headers.etag })
    expect(again).toMatchObject({ statusCode: 304, headers: { etag: first.headers.etag } })
    expect(again.body).toBeUndefined()
    await put('b', { body: { ...aProduct, title: 'b', stock: 3 } })
    const changed = await batch('a,b', { 'if-none-match': first.headers.etag })
    expect(changed.statusCode).toBe(200)
    expect(changed.headers.etag).not.toBe(first.headers.etag)
  })

  test('reports in Cache-Status that Redis is away', async () => {
    await expect
      .poll(async () => (await batch('a,b')).headers['cache-status'], { timeout: 3000 })
      .toMatch(/^aisle; fwd=bypass; detail=(redis-|fallback)/)
  })

  test('returns 413 and asks for fewer ids if the response is too large for Lambda', async () => {
    // Each quote takes two bytes in the body and four in Lambda's response: a body of 3 MB would make a response of 6 MB.
    const ids = Array.from({ length: 70 }, (_, n) => `large${n}`)
    await insertProducts(db, table, 'large', ids, { description: '"'.repeat(19_000) })
    const response = await batch(ids.slice(0, 60).join())
    expect(response.statusCode).toBe(200)
    expect(Buffer.byteLength(JSON.stringify(response.body))).toBeLessThan(5.1 * 1024 * 1024)
    expect(await batch(ids.join())).toMatchObject({
      statusCode: 413,
      json: { type: 'urn:aisle:problem:answer-too-large', detail: expect.stringContaining('fewer') },
    })
  })
})
