import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'
import { followTable, toStreamEvent } from '../support/stream.ts'

const { db, table, get, put, withRedis, deliverNext, edit, handler } = await freshChanges()

test('100 edits made directly in the table soon show in reads, with and without a higher version', async () => {
  await withRedis()
  const ids = Array.from({ length: 10 }, (_, n) => `e${n}`)
  for (const id of ids) await put(id, { body: aProduct })
  await deliverNext(10)
  followTable(db, table, async (records) => {
    const { batchItemFailures } = await handler(toStreamEvent(records))
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
  })
  const staleness: number[] = []
  for (let round = 0; round < 10; round++)
    await Promise.all(
      ids.map(async (id, n) => {
        const { json } = await get(id)
        expect((await get(id)).headers['cache-status']).toMatch(/hit|collapsed|stored/)
        const title = `Edit ${round} of ${id}`
        await edit(id, { title, ...(n % 2 && { version: json.version + 1 }) })
        const startedAt = performance.now()
        while ((await get(id)).json.title !== title) {
          // Far below the minute after which the entry would expire anyway.
          if (performance.now() - startedAt > 10_000) throw new Error(`Edit ${round} of ${id} is lost`)
          await sleep(5)
        }
        staleness.push(performance.now() - startedAt)
      }),
    )
  staleness.sort((a, b) => a - b)
  console.log(
    `shown after ${Math.round(staleness[50] ?? 0)} ms (p50), ${Math.round(staleness[99] ?? 0)} ms (max)`,
  )
  expect(staleness).toHaveLength(100)
  expect(staleness[50]).toBeLessThan(2000)
  expect(staleness[99]).toBeLessThan(5000)
}, 60_000)
