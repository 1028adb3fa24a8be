import fc from 'fast-check'
import { expect, test } from 'vitest'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const {
  call,
  get,
  put,
  withRedis,
  fill,
  nextRecords,
  deliverNext,
  deliver,
  deliverUntilDone,
  edit,
  deleteItem,
  catalog,
} = await freshChanges()

const ids = ['p', 'q', 'r'] as const
const step = fc.record({
  id: fc.constantFrom(...ids),
  what: fc.constantFrom('edit', 'editWithoutVersion', 'remove', 'put', 'review', 'read', 'read'),
})
const cut = fc.record({ from: fc.nat(20), length: fc.integer({ min: 1, max: 20 }) })

test('in the end, every read returns the stored state, however the records are split and repeated', async () => {
  await withRedis()
  await put('p', { body: aProduct })
  await deliverNext(1)
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
        // Puts a product that marks the end of the records, since not every step leaves a record.
        await put(`end${title}`, { body: { ...aProduct, title: `T${title++}` } })
        const records = []
        const isEnd = (pk: unknown) => JSON.stringify(pk).includes(`end${title - 1}`)
        do records.push(...(await nextRecords(1)))
        while (!isEnd(records.at(-1)?.dynamodb.Keys))
        for (const { from, length } of cuts) {
          await deliver(records.slice(0, from + length))
          for (const id of ids) await fill(id)
        }
        await deliverUntilDone(records)
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

test('a batch that runs out of time names its first record, and succeeds when it is delivered again', async () => {
  await withRedis()
  await put('late', { body: { ...aProduct, category: 'late' } })
  await deliverNext(1)
  await edit('late', { title: 'One' })
  await edit('late', { title: 'Two' })
  const records = await nextRecords(2)
  await fill('late')
  const late = await deliver(records, { getRemainingTimeInMillis: () => 0 })
  expect(late).toEqual({ batchItemFailures: [{ itemIdentifier: records[0]?.dynamodb.SequenceNumber }] })
  await deliverUntilDone(records)
})
