import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { InvalidProduct } from '../../lib/catalog/errors.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import {
  parseReviewPageId,
  readReviewPage,
  readReviews,
  threadsPerPage,
  toReviewPageId,
} from '../../lib/catalog/reviews/readReviews.ts'
import { enoughThreadsBytes, maxThreadsBytes } from '../../lib/catalog/reviews/readThreads.ts'
import { type Review, toReviewItem } from '../../lib/catalog/reviews/review.ts'
import type { ReviewThread } from '../../lib/catalog/reviews/reviewTree.ts'
import { maxDepth, maxReplies, maxReplyBytes, placeOfReply } from '../../lib/catalog/reviews/thread.ts'
import { openCursors } from '../../lib/catalog/table/cursor.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'

const { db, table } = await freshTables()
const cursors = openCursors({ db, table })
const { content } = parseProduct(aProduct)

/** Returns the time `n` seconds after the start of 2026. */
const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()
const root = (id: string, n: number, changes: object = {}) => ({
  id,
  rating: 4,
  body: `Review ${id}`,
  author: 'Ana',
  createdAt: at(n),
  ...changes,
})
const reply = (id: string, parentId: string, n: number, changes: object = {}) => ({
  ...root(id, n, changes),
  parentId,
  rating: undefined,
})

/** Creates a product with these reviews. */
async function createReviewed(id: string, reviews: object[]): Promise<Review[]> {
  const parsed = parseReviews(id, reviews)
  await upsertProduct({ db, table }, { id, content, reviews: parsed })
  return parsed
}

async function read(id: string, cursor?: string) {
  if (cursor !== undefined) {
    const { productId, after } = parseReviewPageId(await toReviewPageId(cursors, id, cursor, undefined))
    return readReviewPage({ db, table }, cursors, productId, { after })
  }
  const page = await readReviews({ db, table }, cursors, id)
  if (!page) throw new Error(`No product ${id}`)
  return page.value
}

/** Reads all pages. */
async function readAll(id: string) {
  const pages = [await read(id)]
  for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next)
    pages.push(await read(id, next))
  return pages
}

/** Returns the ids of threads as text, with the replies in brackets. */
const outline = (threads: ReviewThread[]): string =>
  threads.map(({ id, replies }) => id + (replies.length > 0 ? `(${outline(replies)})` : '')).join(' ')

describe('threads', () => {
  test('come newest first, as trees whose replies come oldest first', async () => {
    await createReviewed('tree', [
      root('old', 1),
      root('new', 50),
      reply('o1', 'old', 10),
      reply('o2', 'old', 20),
      reply('o1a', 'o1', 60),
      reply('o1b', 'o1', 30),
      reply('o1a1', 'o1a', 70),
    ])
    const { items, next } = await read('tree')
    expect(outline(items)).toBe('new old(o1(o1b o1a(o1a1)) o2)')
    expect(next).toBeUndefined()
    expect(items[1]?.replies[1]).toEqual({
      id: 'o2',
      productId: 'tree',
      parentId: 'old',
      body: 'Review o2',
      author: 'Ana',
      createdAt: at(20),
      replies: [],
    })
  })

  test('of the same time do not mix, whatever prefix their ids share', async () => {
    const ids = ['a', 'a-', 'a.', 'a0', 'aA', 'ab', 'a_', 'a~', 'a.b', 'a~~']
    await createReviewed('prefix', [
      ...ids.map((id) => root(id, 1)),
      ...ids.flatMap((id) => [reply(`${id}x`, id, 5), reply(`${id}y`, `${id}x`, 6)]),
    ])
    const { items } = await read('prefix')
    expect(items.map(({ id }) => id)).toEqual([...ids].sort().reverse())
    for (const item of items) expect(outline([item])).toBe(`${item.id}(${item.id}x(${item.id}y))`)
  })

  test('are ordered by time, whatever the precision of the time', async () => {
    await createReviewed('precision', [
      root('b', 0, { createdAt: '2026-01-01T00:00:01Z' }),
      root('c', 0, { createdAt: '2026-01-01T00:00:01.5Z' }),
      root('a', 0, { createdAt: '2026-01-01T00:00:00.999999Z' }),
    ])
    expect(outline((await read('precision')).items)).toBe('c b a')
  })

  test('attach a reply whose parent is missing to the root', async () => {
    const [first] = await createReviewed('orphan', [root('first', 1)])
    if (!first) throw new Error('No review was created')
    const orphan = { ...first, rating: undefined, id: 'orphan', parentId: 'gone', createdAt: at(9) }
    const item = toReviewItem({ ...orphan, ...placeOfReply(first, orphan) })
    await db.send(new PutCommand({ TableName: table, Item: item }))
    expect(outline((await read('orphan')).items)).toBe('first(orphan)')
  })

  test('are not lost if their root is missing', async () => {
    const [first] = await createReviewed('rootless', [root('other', 1)])
    if (!first) throw new Error('No review was created')
    const gone = { ...first, thread: `${at(5)}#gone` }
    for (const n of [6, 7]) {
      const orphan = { ...first, rating: undefined, id: `r${n}`, parentId: 'gone', createdAt: at(n) }
      const item = toReviewItem({ ...orphan, ...placeOfReply(gone, orphan) })
      await db.send(new PutCommand({ TableName: table, Item: item }))
    }
    expect(outline((await read('rootless')).items)).toBe('r6(r7) other')
  })
})

describe('a page of reviews', () => {
  test('has twenty threads, and the cursors lead through all threads once', async () => {
    // Threads of many sizes, so that the requests to DynamoDB end at any point of a thread.
    const reviews = Array.from({ length: 70 }, (_, n) => [
      root(`t${n}`, n),
      ...Array.from({ length: (n * n) % 23 }, (_, r) => reply(`t${n}r${r}`, `t${n}`, 1000 + r)),
    ]).flat()
    await createReviewed('many', reviews)
    const pages = await readAll('many')
    expect(pages.map(({ items }) => items.length)).toEqual([20, 20, 20, 10])
    const threads = pages.flatMap(({ items }) => items)
    expect(threads.map(({ id }) => id)).toEqual(Array.from({ length: 70 }, (_, n) => `t${69 - n}`))
    for (const [index, { replies }] of threads.entries()) expect(replies).toHaveLength((69 - index) ** 2 % 23)
  })

  test('has no cursor if it ends with the last thread', async () => {
    await createReviewed(
      'exact',
      Array.from({ length: threadsPerPage }, (_, n) => root(`t${n}`, n)),
    )
    expect(await read('exact')).toMatchObject({ items: { length: 20 } })
    expect((await read('exact')).next).toBeUndefined()
    await createReviewed(
      'exact1',
      Array.from({ length: threadsPerPage + 1 }, (_, n) => root(`t${n}`, n)),
    )
    expect((await readAll('exact1')).map(({ items }) => items.length)).toEqual([20, 1])
  })

  test('is empty for a product without reviews, and undefined for a missing product', async () => {
    await createReviewed('silent', [])
    expect(await read('silent')).toEqual({ items: [] })
    expect(await readReviews({ db, table }, cursors, 'nobody')).toBeUndefined()
  })

  test('ends before a thread that does not fit, and the next page starts with that thread', async () => {
    // A page has room for eight reviews of 15 KB each.
    const body = '\u20ac'.repeat(5000)
    const replies = [0, 1]
    for (let batch = 0; batch < 5; batch++) {
      const reviews = [0, 1].flatMap((t) => {
        const id = `t${2 * batch + t}`
        return [
          root(id, 2 * batch + t, { body }),
          ...replies.map((r) => reply(`${id}r${r}`, id, 100 + r, { body })),
        ]
      })
      await createReviewed('large', reviews)
    }
    const pages = await readAll('large')
    expect(pages.map(({ items }) => items.length)).toEqual([2, 2, 2, 2, 2])
    for (const page of pages)
      expect(Buffer.byteLength(JSON.stringify(page.items))).toBeLessThan(enoughThreadsBytes + 1000)
    const threads = pages.flatMap(({ items }) => items)
    expect(threads.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, n) => `t${9 - n}`))
    for (const thread of threads) expect(thread.replies).toHaveLength(2)
  })

  test('holds a full thread whole, alone', async () => {
    const body = '\u20ac'.repeat(5000)
    const replies = Array.from({ length: Math.floor(maxReplyBytes / 15_200) }, (_, r) => r)
    await createReviewed('full', [
      root('older', 1),
      root('full', 2, { body }),
      ...replies.map((r) => reply(`r${r}`, 'full', 100 + r, { body })),
      root('newer', 3),
    ])
    const pages = await readAll('full')
    expect(pages.map(({ items }) => items.map(({ id }) => id))).toEqual([['newer'], ['full'], ['older']])
    expect(pages[1]?.items[0]?.replies).toHaveLength(replies.length)
    expect(Buffer.byteLength(JSON.stringify(pages[1]?.items))).toBeLessThan(maxThreadsBytes)
  })

  test('leaves out the oldest replies of a thread that fits on no page, and continues after it', async () => {
    const body = '\u20ac'.repeat(5000)
    const [big] = await createReviewed('huge', [root('big', 10), root('next', 1, { body })])
    if (!big) throw new Error('No review was created')
    for (let n = 0; n < 40; n++) {
      const one = { ...big, rating: undefined, id: `r${n}`, parentId: 'big', body, createdAt: at(100 + n) }
      const item = toReviewItem({ ...one, ...placeOfReply(big, one) })
      await db.send(new PutCommand({ TableName: table, Item: item }))
    }
    const pages = await readAll('huge')
    expect(pages.map(({ items }) => items.map(({ id }) => id))).toEqual([['big'], ['next']])
    const replies = pages[0]?.items[0]?.replies.map(({ id }) => id) ?? []
    expect(replies).toEqual(Array.from({ length: 34 }, (_, n) => `r${n + 6}`))
  })
})

describe('an imported thread', () => {
  const faultsIn = (reviews: object[]) => {
    try {
      parseReviews('p', reviews)
    } catch (error) {
      if (error instanceof InvalidProduct) return error.faults
      throw error
    }
    return []
  }
  /** Returns a review and a chain of replies, each to the one before. */
  const chain = (depth: number) => [
    root('c0', 0),
    ...Array.from({ length: depth }, (_, n) => reply(`c${n + 1}`, `c${n}`, n + 1)),
  ]

  test('may be as deep as the limit, and is returned whole', async () => {
    await createReviewed('deep', chain(maxDepth))
    let [thread] = (await read('deep')).items
    for (let depth = 0; depth < maxDepth; depth++) thread = thread?.replies[0]
    expect(thread).toMatchObject({ id: `c${maxDepth}`, replies: [] })
  })

  test('is refused with a pointer to the reply if it is deeper', () => {
    expect(faultsIn(chain(maxDepth + 1))).toEqual([
      { pointer: `/reviews/${maxDepth + 1}/parentId`, detail: `Replies are at most ${maxDepth} levels deep` },
    ])
  })

  test('is refused if it has too many replies, or too many bytes of replies', () => {
    const many = (count: number, changes = {}) => [
      root('r', 0),
      ...Array.from({ length: count }, (_, n) => reply(`x${n}`, 'r', n, changes)),
    ]
    expect(faultsIn(many(maxReplies))).toEqual([])
    expect(faultsIn(many(maxReplies + 1))).toMatchObject([{ pointer: `/reviews/${maxReplies + 1}/parentId` }])
    const fit = Math.ceil(maxReplyBytes / 5140)
    expect(faultsIn(many(fit - 2, { body: 'x'.repeat(5000) }))).toEqual([])
    expect(faultsIn(many(fit + 2, { body: 'x'.repeat(5000) }))).toMatchObject([
      { detail: expect.stringContaining('bytes') },
    ])
  })
})
