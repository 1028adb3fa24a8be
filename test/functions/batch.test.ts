import { describe, expect, test } from 'vitest'
import { fill } from '../support/fill.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, put, get, redisPort } = await freshHandlers()
const batch = (ids: string, headers = {}) => call('getProducts', { query: { ids }, headers })

for (const id of ['a', 'b', 'c']) await put(id, { body: { ...aProduct, title: id } })
const idsOf = ({ json }: { json: { items: { id: string }[] } }) => json.items.map(({ id }) => id)

describe('GET /products?ids=', () => {
  test('answers in the order asked, byte for byte what one product is, and names those that are missing', async () => {
    const answer = await batch('c,none,a,b,nor-this')
    expect(answer.statusCode).toBe(200)
    expect(idsOf(answer)).toEqual(['c', 'a', 'b'])
    expect(answer.json.missing).toEqual(['none', 'nor-this'])
    const bodies = await Promise.all(['c', 'a', 'b'].map(async (id) => (await get(id)).body))
    expect(answer.body).toBe(`{"items":[${bodies.join()}],"missing":["none","nor-this"]}`)
  })

  test('gives each once, where it is first asked for', async () => {
    const answer = await batch('b,a,b,none,a,none')
    expect(idsOf(answer)).toEqual(['b', 'a'])
    expect(answer.json.missing).toEqual(['none'])
  })

  test('takes 100 ids and no more', async () => {
    const ids = Array.from({ length: 100 }, (_, n) => `n${n}`)
    expect((await batch(ids.join())).json.missing).toEqual(ids)
    expect(await batch([...ids, 'one-more'].join())).toMatchObject({
      statusCode: 400,
      json: { type: 'urn:aisle:problem:too-many-ids' },
    })
    // Counted as sent: what is looked at is bounded, too.
    expect((await batch('a,'.repeat(4000))).json.type).toBe('urn:aisle:problem:too-many-ids')
  })

  test.each([
    ['nothing', '', 1],
    ['a gap', 'a,,b', 2],
    ['a space', 'a, b', 2],
    ['a path', 'a,b,../c', 3],
    ['another script', 'ä', 1],
    ['half a surrogate pair', 'a,\ud83d', 2],
    ['NUL', 'a,b\0', 2],
  ])('%s in place of an id is a 400 that says where', async (_, ids, place) => {
    const { statusCode, json } = await batch(ids)
    expect(statusCode).toBe(400)
    expect(json).toMatchObject({ type: 'urn:aisle:problem:invalid-id' })
    expect(json.detail).toContain(`number ${place} `)
  })

  test('without ids and category, or with both, is a 400 that says what can be asked', async () => {
    for (const query of [undefined, { limit: '3' }, { ids: 'a', category: 'kitchen' }]) {
      const { statusCode, json } = await call('getProducts', query ? { query } : {})
      expect(statusCode).toBe(400)
      expect(json).toMatchObject({ type: 'urn:aisle:problem:ids-or-category' })
      expect(json.detail).toMatch(/ids=.*category=/)
    }
  })

  test('is a hit only when all were, and tells how many', async () => {
    await freshRedis({ port: redisPort })
    const status = async (ids: string) => (await batch(ids)).headers['cache-status']
    await expect.poll(() => status('a,b'), { timeout: 3000 }).toMatch(/^aisle; hit; ttl=\d+$/)
    expect(await status('a,b,c')).toMatch(/^aisle; fwd=uri-miss; stored; ttl=\d+; detail=hits:2\/3$/)
    expect(await status('a,b,c')).toMatch(/^aisle; hit; ttl=\d+$/)
    // What does not exist is known as well.
    expect(await status('a,absent')).toContain('detail=hits:1/2')
    expect(await status('a,absent')).toMatch(/^aisle; hit; ttl=[0-5]$/)
  })

  test('has a tag that changes with any of its products, and only then', async () => {
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

  test('says that Redis is away', async () => {
    await expect
      .poll(async () => (await batch('a,b')).headers['cache-status'], { timeout: 3000 })
      .toMatch(/^aisle; fwd=bypass; detail=(redis-|fallback)/)
  })

  test('larger than an answer of Lambda is a 413 that says to ask for fewer', async () => {
    // Each quote of the text takes four bytes in the answer: a body of 3 MB would be one of 6 MB.
    const ids = Array.from({ length: 70 }, (_, n) => `large${n}`)
    await fill(db, table, 'large', ids, { description: '"'.repeat(19_000) })
    const answer = await batch(ids.slice(0, 60).join())
    expect(answer.statusCode).toBe(200)
    expect(Buffer.byteLength(JSON.stringify(answer.body))).toBeLessThan(5.1 * 1024 * 1024)
    expect(await batch(ids.join())).toMatchObject({
      statusCode: 413,
      json: { type: 'urn:aisle:problem:answer-too-large', detail: expect.stringContaining('fewer') },
    })
  })
})
