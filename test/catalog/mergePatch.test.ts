import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergePatch } from '../../lib/catalog/product/mergePatch.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { patchProduct } from '../../lib/catalog/product/patchProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { interposed } from '../support/interposed.ts'

const { call, get, put, db, table } = await freshHandlers()
const patch = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  call('patchProduct', {
    path: { id },
    body,
    headers: { 'content-type': 'application/merge-patch+json', ...headers },
  })

describe('mergePatch', () => {
  /** RFC 7396, appendix A. */
  const examples: [string, string, string][] = [
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ]
  for (const [target, change, result] of examples) {
    test(`applies ${change} to ${target} and returns ${result}`, () => {
      const original = JSON.parse(target)
      expect(JSON.stringify(mergePatch(original, JSON.parse(change)))).toBe(result)
      expect(original).toEqual(JSON.parse(target))
    })
  }

  test('agrees with the algorithm of the RFC for any documents', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (target, change) => {
        const expected = JSON.stringify(sorted(rfcMergePatch(JSON.parse(target), JSON.parse(change))))
        expect(JSON.stringify(sorted(mergePatch(JSON.parse(target), JSON.parse(change))))).toBe(expected)
      }),
    )
  })

  test('treats __proto__ as a member like any other, and changes no prototype', () => {
    const merged = mergePatch(JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"polluted":1}}'))
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"a":1,"polluted":1}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('PATCH /products/{id}', () => {
  test('changes the fields it names, removes those that it sets to null, and leaves the rest', async () => {
    const before = await put('a', {
      body: { ...aProduct, brand: 'Bialetti', attributes: { cups: 3, colour: 'silver' } },
    })
    const after = await patch('a', { title: 'Big moka pot', brand: null, attributes: { cups: 6 } })
    expect(after.statusCode).toBe(200)
    expect(after.json).toEqual({
      ...Object.fromEntries(Object.entries(before.json).filter(([name]) => name !== 'brand')),
      title: 'Big moka pot',
      attributes: { cups: 6, colour: 'silver' },
      version: after.json.version,
      updatedAt: after.json.updatedAt,
    })
    expect(after.json.version).toBeGreaterThan(before.json.version)
    const read = await get('a')
    expect(read.json).toEqual(after.json)
    expect(read.headers.etag).toBe(after.headers.etag)
  })

  test('accepts application/json too', async () => {
    await put('b', { body: aProduct })
    expect(await patch('b', { title: 'x' }, { 'content-type': 'application/json' })).toMatchObject({
      statusCode: 200,
      json: { title: 'x' },
    })
  })

  test('does not change the fields that the catalogue maintains', async () => {
    const { json } = await put('c', { body: aProduct })
    const { id, createdAt } = json
    const maintained = { version: 1, rating: { average: 5, count: 9 }, createdAt: '2001-01-01T00:00:00Z' }
    expect(await patch('c', { ...maintained, id: null })).toMatchObject({
      statusCode: 200,
      json: { id, createdAt, rating: { average: 0, count: 0 } },
    })
    expect((await readProduct({ db, table }, 'c'))?.version).toBeGreaterThan(json.version)
  })

  test('returns 412 with the current version if If-Match does not match, and changes nothing', async () => {
    const { headers, json } = await put('d', { body: aProduct })
    expect(await patch('d', { title: 'late' }, { 'if-match': '"p-1"' })).toMatchObject({
      statusCode: 412,
      json: { currentVersion: json.version },
    })
    expect((await readProduct({ db, table }, 'd'))?.title).toBe(aProduct.title)
    expect((await patch('d', { title: 'x' }, { 'if-match': headers.etag ?? '' })).statusCode).toBe(200)
  })

  test('applies concurrent edits of different fields all', async () => {
    await put('e', { body: aProduct })
    const names = Array.from({ length: 4 }, (_, n) => `field${n}`)
    const responses = await Promise.all(names.map((name) => patch('e', { attributes: { [name]: true } })))
    expect(responses.map(({ statusCode }) => statusCode)).toEqual(names.map(() => 200))
    expect(Object.keys((await readProduct({ db, table }, 'e'))?.attributes ?? {}).sort()).toEqual(names)
  })

  test('merges with an edit that another writer makes between its read and its write', async () => {
    await put('f', { body: aProduct })
    const slow = interposed('PutItemCommand', () => put('f', { body: { ...aProduct, brand: 'theirs' } }))
    const { value } = await patchProduct({ db: slow, table }, 'f', { title: 'mine' })
    expect(value).toMatchObject({ title: 'mine', brand: 'theirs' })
  })

  test('keeps the stock of a product with variants equal to their sum', async () => {
    const price = aProduct.price
    await put('g', { body: { ...aProduct, variants: [{ sku: 'S', price, stock: 2 }] } })
    expect((await patch('g', { stock: 9 })).json.stock).toBe(2)
    expect((await patch('g', { variants: [{ sku: 'S', price, stock: 5 }] })).json.stock).toBe(5)
  })

  const bad: [string, number, unknown, string[]?][] = [
    ['an invalid field', 422, { price: { amount: -1 } }, ['/price/amount']],
    ['null for a required field', 422, { title: null, category: null }, ['/category', '/title']],
    ['an unknown field', 422, { colour: 'red' }, ['/colour']],
    ['another id', 422, { id: 'other' }, ['/id']],
    ['a list instead of an object', 422, [{ op: 'remove', path: '/title' }], ['']],
    ['null', 422, 'null', ['']],
    ['__proto__', 422, '{"__proto__":{"title":"x"}}', ['/__proto__']],
    ['an attribute __proto__', 422, '{"attributes":{"__proto__":1}}', ['/attributes/__proto__']],
    ['constructor', 422, '{"constructor":{"prototype":{"x":1}}}', ['/constructor']],
    ['50,000 nested objects', 422, `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, ['/a']],
    ['100,000 nested lists', 422, `{"tags":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['malformed JSON', 400, '{"title":'],
    ['a body over the limit', 413, `"${'x'.repeat(320 * 1024)}"`],
  ]
  for (const [what, status, body, pointers] of bad) {
    test(`returns ${status} for ${what}, and changes nothing`, async () => {
      const { json } = await put('bad', { body: aProduct })
      const refused = await patch('bad', body)
      expect(refused.statusCode).toBe(status)
      if (pointers) {
        expect(refused.json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(
          pointers,
        )
      }
      expect((await readProduct({ db, table }, 'bad'))?.version).toBe(json.version)
    })
  }

  test('leaves a product that can be put back unchanged', async () => {
    await put('h', { body: aProduct })
    const { json } = await patch('h', {
      attributes: { constructor: 'steel' },
      compareAtPrice: aProduct.price,
    })
    expect(parseProduct(json).content).toMatchObject({ attributes: { constructor: 'steel' } })
  })
})

/** Applies a patch by the pseudocode of RFC 7396, section 2. */
function rfcMergePatch(target: unknown, patch: unknown): unknown {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(patch)) return patch
  const result = new Map(isObject(target) ? Object.entries(target as object) : [])
  for (const [name, value] of Object.entries(patch as object)) {
    if (value === null) result.delete(name)
    else result.set(name, rfcMergePatch(result.get(name), value))
  }
  return Object.fromEntries(result)
}

/** Sorts the members of each object by name, since their order does not matter. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, each]) => [name, sorted(each)]),
        )
      : value
