import { expect, test } from 'vitest'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const { put, withRedis, fill, entries, nextRecords, deliver, deliverUntilDone, edit, putItem, deleteItem } =
  await freshChanges()
const noEntries = [undefined, undefined, undefined]

test('a change whose version did not rise removes even entries with a higher version', async () => {
  await withRedis()
  await put('a', { body: aProduct })
  const records = await nextRecords(1)
  await deliverUntilDone(records)
  const item = { ...productKey('a'), ...aProduct, id: 'a', listedAt: '2026#a' }
  /** Each step leads from one state of the item to the next. */
  const steps: [string, () => Promise<unknown>][] = [
    ['the same version', () => edit('a', { title: 'Edited' })],
    ['a lower version', () => edit('a', { version: 5 })],
    ['a version that is not a number', () => edit('a', { version: 'six' })],
    ['a version after an invalid one', () => edit('a', { version: 7 })],
    ['a version with a fraction', () => edit('a', { version: 7.5 })],
    ['no version', () => putItem(item)],
    ['a removal', () => deleteItem(productKey('a'))],
  ]
  const states: Awaited<ReturnType<typeof nextRecords>>[] = []
  for (const [, step] of steps) {
    await step()
    states.push(await nextRecords(1))
  }
  // This version is higher than the version of each step.
  await put('a', { body: aProduct })
  const last = await nextRecords(1)
  for (const [n, [what]] of steps.entries()) {
    await fill('a')
    expect((await entries('a'))[0]).toBeGreaterThan(1e12)
    await deliverUntilDone(states[n] ?? [])
    expect([what, await entries('a')]).toEqual([what, noEntries])
  }
  // The record of the last put, delivered alone, leaves the entries. In one batch with an edit without a higher version, it
  // does not.
  await fill('a')
  await deliver(last)
  expect(await entries('a')).not.toContain(undefined)
  await deliver([...(states[0] ?? []), ...last])
  expect(await entries('a')).toEqual(noEntries)
})
