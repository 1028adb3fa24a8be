import { expect, test } from 'vitest'
import { productKey } from '../../lib/catalog/table/items.ts'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const { put, withRedis, fill, entries, news, deliver, take, edit, putItem, deleteItem } = await freshChanges()
const gone = [undefined, undefined, undefined]

test('where a version says nothing even an entry that looks newer goes', async () => {
  await withRedis()
  await put('a', { body: aProduct })
  const records = await news(1)
  await take(records)
  const item = { ...productKey('a'), ...aProduct, id: 'a', listedAt: '2026#a' }
  /** Each from one state of the item to the next. */
  const steps: [string, () => Promise<unknown>][] = [
    ['the same version', () => edit('a', { title: 'Edited' })],
    ['a lower version', () => edit('a', { version: 5 })],
    ['a version that is no number', () => edit('a', { version: 'six' })],
    ['one that was none before', () => edit('a', { version: 7 })],
    ['a fraction', () => edit('a', { version: 7.5 })],
    ['no version at all', () => putItem(item)],
    ['gone', () => deleteItem(productKey('a'))],
  ]
  const states: Awaited<ReturnType<typeof news>>[] = []
  for (const [, step] of steps) {
    await step()
    states.push(await news(1))
  }
  // Now entries whose version is above each of those.
  await put('a', { body: aProduct })
  const last = await news(1)
  for (const [n, [what]] of steps.entries()) {
    await fill('a')
    expect((await entries('a'))[0]).toBeGreaterThan(1e12)
    await take(states[n] ?? [])
    expect([what, await entries('a')]).toEqual([what, gone])
  }
  // The event of the creation alone spares them; in one batch with an edit that forgot the version it does not.
  await fill('a')
  await deliver(last)
  expect(await entries('a')).not.toContain(undefined)
  await deliver([...(states[0] ?? []), ...last])
  expect(await entries('a')).toEqual(gone)
})
