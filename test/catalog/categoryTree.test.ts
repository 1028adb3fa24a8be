import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CategoryNode,
  readCategories,
  subtreeOf,
  treeOf,
} from '../../lib/catalog/categories/categories.ts'
import { countProducts } from '../../lib/catalog/categories/countProducts.ts'
import { freshHandlers } from '../support/http.ts'
import { putItems } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, redisPort } = await freshHandlers()
const signal = AbortSignal.timeout(60_000)

const slug = fc.stringMatching(/^[a-z0-9]{1,3}(-[a-z0-9]{1,3})?$/)
const path = fc.array(slug, { minLength: 1, maxLength: 8 }).map((slugs) => slugs.join('/'))
const counters = fc.uniqueArray(fc.tuple(path, fc.nat(9)), { selector: ([path]) => path, maxLength: 30 })

const all = (nodes: CategoryNode[]): CategoryNode[] => nodes.flatMap((node) => [node, ...all(node.children)])
const isBelow = (path: string, above: string) => path === above || path.startsWith(`${above}/`)

describe('GET /categories', () => {
  test('is an empty list if there are no products', async () => {
    expect(await call('getCategories')).toMatchObject({ statusCode: 200, body: '{"items":[]}' })
  })

  test('returns the category tree, sorted by path, with the number of products in and below each category', async () => {
    const categories = ['kitchen/tea', 'kitchen/coffee', 'kitchen/coffee', 'kitchen', 'garden-tools', 'a/b/c']
    await countProducts(
      { db, table, signal },
      categories.map((category, n) => ({ id: `p${n}`, category, asOf: 1 })),
    )
    await freshRedis({ port: redisPort })
    const read = () => call('getCategories')
    await expect.poll(async () => (await read()).headers['cache-status'], { timeout: 3000 }).toMatch(/hit/)
    const node = (path: string, name: string, products: number, children: object[] = []) => ({
      ...{ path, name, products, children },
    })
    expect((await read()).json).toEqual({
      items: [
        node('a', 'A', 1, [node('a/b', 'B', 1, [node('a/b/c', 'C', 1)])]),
        node('garden-tools', 'Garden tools', 1),
        node('kitchen', 'Kitchen', 4, [node('kitchen/coffee', 'Coffee', 2), node('kitchen/tea', 'Tea', 1)]),
      ],
    })
    const { headers } = await read()
    const again = await call('getCategories', { headers: { 'if-none-match': headers.etag ?? '' } })
    expect(again.statusCode).toBe(304)
    expect(again.body).toBeUndefined()
  })

  test('leaves out a category that no longer has products', async () => {
    await countProducts({ db, table, signal }, [{ id: 'p5', category: undefined, asOf: 2 }])
    const { items } = await readCategories({ db, table })
    expect(items.map(({ path }) => path)).toEqual(['garden-tools', 'kitchen'])
  })

  test('includes counters beyond the first megabyte of the query', async () => {
    const pad = 'x'.repeat(20_000)
    await putItems(
      db,
      table,
      Array.from({ length: 120 }, (_, n) => ({ pk: 'CATEGORIES', sk: `many/${n}`, products: 1, pad })),
    )
    const { items } = await readCategories({ db, table })
    expect(items.find(({ path }) => path === 'many')?.products).toBe(120)
  })
})

test('each category of the tree counts exactly the products in it and below it', () => {
  fc.assert(
    fc.property(counters, (counts) => {
      const nodes = all(treeOf(counts).items)
      for (const { path, products, children } of nodes) {
        const below = counts.filter(([each]) => isBelow(each, path)).map(([, n]) => n)
        expect(products).toBe(below.reduce((sum, n) => sum + n, 0))
        expect(children.map((child) => child.path)).toEqual(children.map((child) => child.path).sort())
        for (const child of children) expect(child.path.slice(0, child.path.lastIndexOf('/'))).toBe(path)
      }
      for (const [path, n] of counts) expect(nodes.some((node) => node.path === path) || n === 0).toBe(true)
    }),
  )
})

test('a subtree is the category itself and every category of the tree below it', () => {
  fc.assert(
    fc.property(counters, path, (counts, other) => {
      const tree = treeOf(counts)
      const known = all(tree.items).map((node) => node.path)
      for (const category of [...known, other]) {
        const expected = [category, ...known.filter((each) => each !== category && isBelow(each, category))]
        expect(subtreeOf(tree, category).sort()).toEqual(expected.sort())
      }
    }),
  )
})
