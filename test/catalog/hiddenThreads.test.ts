import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toRemoved, toReviewItem } from '../../lib/catalog/reviews/review.ts'
import { maxReplies, placeOfRoot } from '../../lib/catalog/reviews/thread.ts'
import { reviewKey } from '../../lib/catalog/table/keys.ts'
import { openCatalogWrites } from '../../lib/catalog/writes.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { putItems } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { call, put, db, table, redisPort, lastLines } = await freshHandlers()
const catalog = openCatalogWrites()

/** Returns a review and its replies. */
const toThread = (productId: string, id: string, day: number, replies: number) => {
  const createdAt = `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`
  const reply = { parentId: id, body: 'x'.repeat(550), author: 'Bo', createdAt }
  return parseReviews(productId, [
    { id, rating: 2, body: 'Poor', author: 'Al', createdAt },
    ...Array.from({ length: replies }, (_, n) => ({ ...reply, id: `${id}x${n}` })),
  ]).map((review) => toReviewItem(review))
}

/** Returns what docs/limits.md states as the most that a request costs, for products of up to 4 KB. */
function boundOf(request: string): number {
  const limits = readFileSync(join(projectDirectory, 'docs/limits.md'), 'utf8')
  const row = limits.split('\n').find((line) => line.startsWith(`| \`${request}\``))
  return Number(row?.split('|')[4])
}

/**
 * Reads the page document of a product and all pages of its reviews, each with an empty cache. Checks what each read
 * costs, and that only the review `old` is shown.
 */
async function expectBounded(id: string) {
  await freshRedis({ port: redisPort })
  const client = new Redis(redisPort)
  const read = async (name: string, cursor?: string) => {
    await client.flushall()
    const response = await call(name, { path: { id }, ...(cursor && { query: { cursor } }) })
    expect(response.statusCode).toBe(200)
    return { ...response, units: JSON.parse(lastLines()[0] ?? '').readUnits as number }
  }
  expect((await read('getPage')).units).toBeLessThanOrEqual(boundOf('GET /products/{id}/page'))
  let page = await read('getReviews')
  expect(page.units).toBeLessThanOrEqual(boundOf('GET /products/{id}/reviews'))
  const ids: string[] = []
  for (let pages = 0; pages < 20; pages++) {
    ids.push(...page.json.items.map((item: { id: string }) => item.id))
    const cursor = /cursor=([^>]+)>/.exec(page.headers.link ?? '')?.[1]
    if (!cursor) break
    page = await read('getReviews', cursor)
    expect(page.units).toBeLessThanOrEqual(boundOf('GET /products/{id}/reviews?cursor='))
  }
  expect(ids).toEqual(['old'])
  client.disconnect()
}

test.each([
  [12, maxReplies],
  [25, 80],
])(
  'the threads of %i interrupted removals with %i replies each cost no read more than docs/limits.md states, and the cursors lead past them',
  async (threads, count) => {
    const id = `hidden-${threads}`
    await put(id, { body: aProduct })
    await putItems(db, table, toThread(id, 'old', 1, 0))
    for (let n = 0; n < threads; n++) {
      const [root, ...replies] = toThread(id, `r${n}`, 2 + n, count)
      if (!root) throw new Error('No review was made')
      await putItems(db, table, [toRemoved(root, 'w'), ...replies])
    }
    await expectBounded(id)
  },
  60_000,
)

test('a hundred long reviews that cannot be read cost no read more than docs/limits.md states, and the cursors lead past them', async () => {
  await put('unreadable', { body: aProduct })
  await putItems(db, table, toThread('unreadable', 'old', 1, 0))
  const createdAt = '2026-02-01T00:00:00.000Z'
  await putItems(
    db,
    table,
    Array.from({ length: 100 }, (_, n) => ({
      ...{ ...reviewKey('unreadable', `u${n}`), title: 7, body: 'x'.repeat(15_000) },
      ...placeOfRoot({ id: `u${n}`, createdAt }),
    })),
  )
  await expectBounded('unreadable')
}, 60_000)

describe('a removal', () => {
  test('is seen by the next read even while its replies are still being deleted', async () => {
    await put('large', { body: aProduct })
    await putItems(db, table, toThread('large', 'r', 1, 150))
    await freshRedis({ port: redisPort })
    const read = () => call('getReviews', { path: { id: 'large' } })
    await expect.poll(async () => (await read()).headers['cache-status'], { timeout: 5000 }).toMatch(/hit/)
    expect((await read()).json.items).toHaveLength(1)
    let transactions = 0
    const meanwhile: unknown[] = []
    catalog.db.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'TransactWriteItemsCommand' && ++transactions === 2)
            meanwhile.push((await read()).json.items)
          return next(args)
        },
      { step: 'initialize' },
    )
    expect(await catalog.deleteReview('large', 'r', { isModerator: true })).toEqual({ invalidation: 'done' })
    expect(meanwhile).toEqual([[]])
  }, 20_000)
})
