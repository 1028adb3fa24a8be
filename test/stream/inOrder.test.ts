import fc from 'fast-check'
import { expect, test } from 'vitest'
import { productKey } from '../../lib/catalog/table/items.ts'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const { call, get, put, withRedis, fill, news, settle, deliver, take, edit, deleteItem, catalog } =
  await freshChanges()

const ids = ['p', 'q', 'r'] as const
const step = fc.record({
  id: fc.constantFrom(...ids),
  what: fc.constantFrom('edit', 'forget', 'remove', 'put', 'review', 'read', 'read'),
})
const cut = fc.record({ from: fc.nat(20), length: fc.integer({ min: 1, max: 20 }) })

test('however the records are cut and repeated, at the end every read is what is stored', async () => {
  await withRedis()
  await put('p', { body: aProduct })
  await settle(1)
  let title = 0
  const doStep = async (id: string, what: string) => {
    const version = (await catalog.products.get(id)).version
    if (what === 'read') await fill(id)
    else if (what === 'put') await put(id, { body: { ...aProduct, title: `T${title++}` } })
    else if (what === 'remove') await deleteItem(productKey(id))
    else if ((await get(id)).statusCode !== 200 || !(await exists(id))) return
    else if (what === 'review')
      await call('postReview', { path: { id }, body: { rating: 3, body: `T${title++}`, author: 'x' } })
    else await edit(id, { title: `T${title++}`, ...(what === 'edit' && { version: version + 1e6 }) })
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 12 }),
      fc.array(cut, { maxLength: 4 }),
      async (steps, cuts) => {
        for (const { id, what } of steps) await doStep(id, what)
        // One that is seen to be the last, since not every step leaves a record.
        await put(`end${title}`, { body: { ...aProduct, title: `T${title++}` } })
        const records = []
        const isEnd = (pk: unknown) => JSON.stringify(pk).includes(`end${title - 1}`)
        do records.push(...(await news(1)))
        while (!isEnd(records.at(-1)?.dynamodb.Keys))
        for (const { from, length } of cuts) {
          await deliver(records.slice(0, from + length))
          for (const id of ids) await fill(id)
        }
        await take(records)
        for (const id of ids)
          for (const cache of [catalog.products, catalog.pages, catalog.reviews]) {
            const { body } = await cache.get(id)
            await cache.invalidate(id)
            expect(body).toEqual((await cache.get(id)).body)
          }
      },
    ),
    { numRuns: 15 },
  )
}, 60_000)

async function exists(id: string): Promise<boolean> {
  await catalog.products.invalidate(id)
  return (await catalog.products.get(id)).value !== undefined
}

test('what is not done in time is named from the first record on, and done when it comes again', async () => {
  await withRedis()
  await put('late', { body: { ...aProduct, category: 'late' } })
  await settle(1)
  await edit('late', { title: 'One' })
  await edit('late', { title: 'Two' })
  const records = await news(2)
  await fill('late')
  const late = await deliver(records, { getRemainingTimeInMillis: () => 0 })
  expect(late).toEqual({ batchItemFailures: [{ itemIdentifier: records[0]?.dynamodb.SequenceNumber }] })
  await take(records)
})
