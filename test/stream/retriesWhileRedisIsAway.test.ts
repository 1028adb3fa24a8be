import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'
import { followTable, toStreamEvent } from '../support/stream.ts'

const { db, table, put, withRedis, fill, entries, deliverNext, edit, handler } = await freshChanges()

test('edits made while Redis does not answer remove its entries once it answers again', async () => {
  const { server } = await withRedis()
  const ids = ['a', 'b', 'c']
  for (const id of ids) await put(id, { body: { ...aProduct, category: `only/${id}` } })
  await deliverNext(3)
  for (const id of ids) {
    await fill(id)
    expect(await entries(id)).not.toContain(undefined)
  }
  // The server is paused, not killed, so that its entries survive.
  server.process.kill('SIGSTOP')
  await edit('a', { title: 'Edited' })
  await edit('b', { title: 'Edited', version: 9e12 })
  let deliveries = 0
  const { warnings } = followTable(db, table, async (records) => {
    deliveries++
    const { batchItemFailures } = await handler(toStreamEvent(records))
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
  })
  await expect.poll(() => deliveries, { timeout: 15_000 }).toBeGreaterThanOrEqual(3)
  await sleep(500)
  server.process.kill('SIGCONT')
  const noEntries = [undefined, undefined, undefined]
  await expect.poll(() => entries('a'), { timeout: 5000 }).toEqual(noEntries)
  await expect.poll(() => entries('b'), { timeout: 5000 }).toEqual(noEntries)
  expect(warnings.length).toBeGreaterThan(0)
})
