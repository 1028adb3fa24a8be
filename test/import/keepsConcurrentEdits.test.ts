import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { toItem } from '../../lib/catalog/table/items.ts'
import { freshTables } from '../support/dynamodb.ts'
import { importText, interceptSend, mug, ndjson, review } from '../support/importing.ts'

const content = (changes: object) => parseProduct(mug('a', changes)).content

/** Wraps a client to run `edit` once, after the import has read a product and before it writes the product. */
function withEditBeforeWrite(db: Parameters<typeof interceptSend>[0], edit: () => Promise<unknown>) {
  let done = false
  return interceptSend(db, async ({ input }, send) => {
    if (!done && 'ConditionExpression' in input && input.ConditionExpression === 'version = :version') {
      done = true
      await edit()
    }
    return send()
  })
}

test('an edit between the read and the write of a product stands, and the import reports the row', async () => {
  const { db, table } = await freshTables()
  await importText(ndjson([mug('a')]), { target: { db, table } })
  let edited = 0
  const interrupted = withEditBeforeWrite(db, async () => {
    edited = (await putProduct({ db, table }, 'a', content({ title: 'Edited by hand' }))).version
  })
  const file = ndjson([mug('a', { title: 'From the file' }), mug('b')])
  const { report, rejects } = await importText(file, { target: { db: interrupted, table } })
  expect(report).toMatchObject({ created: 1, updated: 0, unwritten: 1 })
  expect(rejects).toMatchObject([
    { line: 1, id: 'a', reason: expect.stringContaining('Another writer edited') },
  ])
  expect(await readProduct({ db, table }, 'a')).toMatchObject({ title: 'Edited by hand', version: edited })

  // A second import replaces the edit: the user has read the report and prefers the file.
  await importText(file, { target: { db, table } })
  const after = await readProduct({ db, table }, 'a')
  expect(after?.title).toBe('From the file')
  expect(after?.version).toBeGreaterThan(edited)
})

test('a review that is added between the read and the write is stored and counted, and the row is written', async () => {
  const { db, table } = await freshTables()
  await importText(ndjson([mug('a', { reviews: [review(4)] })]), { target: { db, table } })
  const interrupted = withEditBeforeWrite(db, () =>
    upsertProduct({ db, table }, { id: 'a', content: content({}), reviews: parseReviews('a', [review(1)]) }),
  )
  const { report } = await importText(ndjson([mug('a', { title: 'New' })]), {
    target: { db: interrupted, table },
  })
  expect(report).toMatchObject({ updated: 1, unwritten: 0 })
  expect(await readProduct({ db, table }, 'a')).toMatchObject({
    title: 'New',
    rating: { average: 3.5, count: 2 },
  })
})

test('no version ever decreases while an import and other writers run', async () => {
  const { db, table } = await freshTables()
  const ids = ['a', 'b', 'c']
  const last = new Map<string, number>()
  let running = true
  const watch = async () => {
    while (running)
      for (const id of ids) {
        const version = (await readProduct({ db, table }, id))?.version ?? 0
        expect(version).toBeGreaterThanOrEqual(last.get(id) ?? 0)
        last.set(id, version)
      }
  }
  const edit = async () => {
    for (let n = 0; running; n++)
      await putProduct({ db, table }, ids[n % 3] ?? 'a', content({ title: `Edit ${n}` })).catch(
        (error: Error) => {
          if (error.name !== 'WriteConflict') throw error
        },
      )
  }
  const others = [watch(), edit(), edit()]
  const rows = Array.from({ length: 150 }, (_, n) =>
    mug(ids[n % 3] ?? 'a', { title: `Row ${n}`, reviews: [review(n)] }),
  )
  const { report, rejects } = await importText(ndjson(rows), { target: { db, table } })
  running = false
  await Promise.all(others)
  expect(report.created + report.updated + report.unchanged + report.unwritten).toBe(150)
  expect(rejects.every(({ reason }) => /ConcurrentEdit|WriteConflict/.test(reason))).toBe(true)
})

test('a version that is ahead of the clock still increases', async () => {
  const { db, table } = await freshTables()
  await importText(ndjson([mug('a')]), { target: { db, table } })
  const ahead = Date.now() + 3_600_000

  const now = new Date().toISOString()
  const stored = {
    ratingSum: 0,
    ratingCount: 0,
    version: ahead,
    createdAt: now,
    updatedAt: now,
    writeId: 'other',
  }
  await db.send(new PutCommand({ TableName: table, Item: toItem('a', content({}), stored) }))
  await importText(ndjson([mug('a', { title: 'New', reviews: [review(1)] })]), { target: { db, table } })
  expect(await readProduct({ db, table }, 'a')).toMatchObject({ title: 'New', version: ahead + 2 })
})
