import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'
import { deliveryOf, follow } from '../support/stream.ts'

const { db, table, put, withRedis, fill, entries, settle, edit, handler } = await freshChanges()

test('edits made while Redis does not answer remove what it still holds, once it answers', async () => {
  const { server } = await withRedis()
  const ids = ['a', 'b', 'c']
  for (const id of ids) await put(id, { body: { ...aProduct, category: `only/${id}` } })
  await settle(3)
  for (const id of ids) {
    await fill(id)
    expect(await entries(id)).not.toContain(undefined)
  }
  // Stopped and not killed: its entries are still there afterwards.
  server.process.kill('SIGSTOP')
  await edit('a', { title: 'Edited' })
  await edit('b', { title: 'Edited', version: 9e12 })
  let deliveries = 0
  const { troubles } = follow(db, table, async (records) => {
    deliveries++
    const { batchItemFailures } = await handler(deliveryOf(records))
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
  })
  await expect.poll(() => deliveries, { timeout: 15_000 }).toBeGreaterThanOrEqual(3)
  await sleep(500)
  server.process.kill('SIGCONT')
  const gone = [undefined, undefined, undefined]
  await expect.poll(() => entries('a'), { timeout: 5000 }).toEqual(gone)
  await expect.poll(() => entries('b'), { timeout: 5000 }).toEqual(gone)
  expect(troubles.length).toBeGreaterThan(0)
})
