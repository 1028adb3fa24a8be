import { expect, test } from 'vitest'
import { readNewest } from '../../lib/catalog/listing/newest.ts'
import { idAt } from '../../lib/catalog/listing/position.ts'
import { freshTables } from '../support/dynamodb.ts'
import { putItems } from '../support/insertProducts.ts'
import { seededRandom } from '../torture/seededRandom.ts'

const access = await freshTables()

/** The positions of each category, as the index holds them. */
const stored = new Map<string, string[]>()
async function fill(category: string, times: number[]) {
  const positions = times.map((n, k) => `${new Date(n * 1000).toISOString()}#${category}-${k}`)
  stored.set(category, positions)
  const items = positions.map((listedAt) => ({
    pk: `PRODUCT#${idAt(listedAt)}`,
    sk: 'PRODUCT',
    category,
    listedAt,
  }))
  await putItems(access.db, access.table, items)
}

/** Sorts everything. */
const expected = (categories: string[], after: string | undefined, count: number) =>
  categories
    .flatMap((category) => stored.get(category) ?? [])
    .filter((position) => after === undefined || position < after)
    .sort()
    .reverse()
    .slice(0, count)

test('merged categories give the newest positions of all, however they are spread', async () => {
  const random = seededRandom('newest')
  const any = (below: number) => Math.floor(random() * below)
  const names = Array.from({ length: 30 }, (_, n) => `c${n}`)
  for (const [n, category] of names.entries()) {
    // Empty ones, a few of the newest products, and many in a short or in a long time.
    const length = n % 5 === 0 ? 0 : n % 5 === 1 ? 3 : 5 + any(150)
    const [start, span] = n % 2 === 0 ? [any(1000), 50] : [0, 1050]
    await fill(
      category,
      Array.from({ length }, () => start + any(span)),
    )
  }
  for (let round = 0; round < 60; round++) {
    const from = any(30)
    const categories = names.slice(from, from + 1 + any(30))
    const all = expected(categories, undefined, 10_000)
    const after = round % 3 === 0 ? undefined : all[any(all.length)]
    const count = 1 + any(round % 2 === 0 ? 120 : 10)
    expect(await readNewest(access, categories, { after, count }), `round ${round}`).toEqual(
      expected(categories, after, count),
    )
  }
})
