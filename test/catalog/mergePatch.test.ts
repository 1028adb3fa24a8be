import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergePatch } from '../../lib/catalog/product/mergePatch.ts'
import { patchProduct } from '../../lib/catalog/product/patchProduct.ts'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { aProduct, freshHandlers } from '../support/http.ts'

const { call, get, put, db, table } = await freshHandlers()
const patch = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  call('patchProduct', {
    path: { id },
    body,
    headers: { 'content-type': 'application/merge-patch+json', ...headers },
  })

describe('the examples of RFC 7396, appendix A', () => {
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
    test(`${target} and ${change} make ${result}`, () => {
      const original = JSON.parse(target)
      expect(JSON.stringify(mergePatch(original, JSON.parse(change)))).toBe(result)
      expect(original).toEqual(JSON.parse(target))
    })
  }

  test('and it does what the algorithm of the RFC does, whatever the documents', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (target, change) => {
        const expected = JSON.stringify(sorted(byTheBook(JSON.parse(target), JSON.parse(change))))
        expect(JSON.stringify(sorted(mergePatch(JSON.parse(target), JSON.parse(change))))).toBe(expected)
      }),
    )
  })

  test('a member called __proto__ is a member, and changes no prototype', () => {
    const merged = mergePatch(JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"polluted":1}}'))
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"a":1,"polluted":1}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('PATCH /products/{id}', () => {
  test('changes what it names, removes what it names with null, and leaves the rest', async () => {
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

  test('is taken as application/json too', async () => {
    await put('b', { body: aProduct })
    expect(await patch('b', { title: 'x' }, { 'content-type': 'application/json' })).toMatchObject({
      statusCode: 200,
      json: { title: 'x' },
    })
  })

  test('does not change what the catalog keeps itself', async () => {
    const { json } = await put('c', { body: aProduct })
    const { id, createdAt } = json
    const kept = { version: 1, rating: { average: 5, count: 9 }, createdAt: '2001-01-01T00:00:00Z' }
    expect(await patch('c', { ...kept, id: null })).toMatchObject({
      statusCode: 200,
      json: { id, createdAt, rating: { average: 0, count: 0 } },
    })
    expect((await readProduct({ db, table }, 'c'))?.version).toBeGreaterThan(json.version)
  })

  test('If-Match with another version is 412 with the current one, and changes nothing', async () => {
    const { headers, json } = await put('d', { body: aProduct })
    expect(await patch('d', { title: 'late' }, { 'if-match': '"p-1"' })).toMatchObject({
      statusCode: 412,
      json: { currentVersion: json.version },
    })
    expect((await readProduct({ db, table }, 'd'))?.title).toBe(aProduct.title)
    expect((await patch('d', { title: 'x' }, { 'if-match': headers.etag ?? '' })).statusCode).toBe(200)
  })

  test('edits of different fields at the same moment are all kept', async () => {
    await put('e', { body: aProduct })
    const names = Array.from({ length: 4 }, (_, n) => `field${n}`)
    const answers = await Promise.all(names.map((name) => patch('e', { attributes: { [name]: true } })))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(names.map(() => 200))
    expect(Object.keys((await readProduct({ db, table }, 'e'))?.attributes ?? {}).sort()).toEqual(names)
  })

  test('what another one writes between its reading and its writing is merged with', async () => {
    await put('f', { body: aProduct })
    let done = false
    const meanwhile = new Proxy(db, {
      get: (target, name) =>
        name !== 'send'
          ? Reflect.get(target, name)
          : async (command: { input: object }, ...rest: []) => {
              if (!done && 'ConditionExpression' in command.input) {
                done = true
                await put('f', { body: { ...aProduct, brand: 'theirs' } })
              }
              return target.send(command as never, ...rest)
            },
    })
    const { value } = await patchProduct({ db: meanwhile, table }, 'f', { title: 'mine' })
    expect(value).toMatchObject({ title: 'mine', brand: 'theirs' })
  })

  test('the stock of a product that has variants stays their sum', async () => {
    const price = aProduct.price
    await put('g', { body: { ...aProduct, variants: [{ sku: 'S', price, stock: 2 }] } })
    expect((await patch('g', { stock: 9 })).json.stock).toBe(2)
    expect((await patch('g', { variants: [{ sku: 'S', price, stock: 5 }] })).json.stock).toBe(5)
  })

  const bad: [string, number, unknown, string[]?][] = [
    ['a fault', 422, { price: { amount: -1 } }, ['/price/amount']],
    ['null for what a product must have', 422, { title: null, category: null }, ['/category', '/title']],
    ['an unknown field', 422, { colour: 'red' }, ['/colour']],
    ['another id', 422, { id: 'other' }, ['/id']],
    ['no object', 422, [{ op: 'remove', path: '/title' }], ['']],
    ['null', 422, 'null', ['']],
    ['__proto__', 422, '{"__proto__":{"title":"x"}}', ['/__proto__']],
    ['an attribute __proto__', 422, '{"attributes":{"__proto__":1}}', ['/attributes/__proto__']],
    ['constructor', 422, '{"constructor":{"prototype":{"x":1}}}', ['/constructor']],
    ['100,000 objects in each other', 422, `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, ['/a']],
    ['100,000 lists in each other', 422, `{"tags":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['no JSON', 400, '{"title":'],
    ['too much', 413, `"${'x'.repeat(320 * 1024)}"`],
  ]
  for (const [what, status, body, pointers] of bad) {
    test(`${what} is ${status}, and changes nothing`, async () => {
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

  test('what it leaves is a product that can be put back as it is', async () => {
    await put('h', { body: aProduct })
    const { json } = await patch('h', {
      attributes: { constructor: 'steel' },
      compareAtPrice: aProduct.price,
    })
    expect(parseProduct(json).content).toMatchObject({ attributes: { constructor: 'steel' } })
  })
})

/** The pseudocode of RFC 7396, section 2. */
function byTheBook(target: unknown, patch: unknown): unknown {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(patch)) return patch
  const result = new Map(isObject(target) ? Object.entries(target as object) : [])
  for (const [name, value] of Object.entries(patch as object)) {
    if (value === null) result.delete(name)
    else result.set(name, byTheBook(result.get(name), value))
  }
  return Object.fromEntries(result)
}

/** With the members of each object in order of their names, which is nobody's concern. */
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
