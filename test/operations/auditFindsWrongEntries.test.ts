import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { openCaches } from '../../lib/catalog/caches.ts'
import { entryKinds } from '../../lib/catalog/entryKinds.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { audit, toNines } from '../../lib/operations/audit.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

async function openFreshCatalog() {
  const { endpoint, table } = await freshTables()
  const redis = await freshRedis()
  const catalog = openCaches({ table, redisUrl: redis.url, dynamodbEndpoint: endpoint })
  onTestFinished(catalog.close)
  const audited = { kinds: entryKinds(catalog), remove: catalog.remove }
  const run = (options = {}) => audit(audited, { pauseMs: 200, ...options })
  /** Edits a product without the cache's knowledge, and without a new version. */
  const edit = (id: string, title: string, more = {}) =>
    catalog.db.send(
      new UpdateCommand({
        TableName: table,
        Key: productKey(id),
        UpdateExpression: 'SET title = :title, updatedAt = :at',
        ExpressionAttributeValues: { ':title': title, ':at': new Date().toISOString() },
        ...more,
      }),
    )
  return { ...catalog, run, edit }
}

test('repeated audits find and repair all 20 wrong entries of 300, and no other entry', async () => {
  const { db, table, products, pages, reviews, run, edit } = await openFreshCatalog()
  const ids = Array.from({ length: 100 }, (_, n) => `p${n}`)
  await insertProducts(db, table, 'all', ids)
  // In small batches: on a busy machine the cache refuses too many loads at once.
  for (const cache of [products, pages, reviews])
    for (let at = 0; at < 100; at += 10) expect((await cache.warm(ids.slice(at, at + 10))).failed).toEqual([])
  // Entries of reviews do not contain the title, so each edit makes two entries wrong.
  const edited = ids.slice(0, 10)
  for (const id of edited) await edit(id, 'Edited')
  const found = new Set<string>()
  for (let audits = 0; audits < 40 && found.size < 20; audits++) {
    const { disagreements, oldestMs, ...counts } = await run({ sample: 60 })
    expect(counts.failed).toBe(0)
    expect(counts.sampled).toBeLessThanOrEqual(60)
    expect(counts.agreeing + counts.stale).toBe(counts.sampled)
    expect(counts.repaired).toBe(counts.stale)
    expect(oldestMs > 0).toBe(counts.stale > 0)
    for (const { id, cache } of disagreements) {
      expect(edited).toContain(id)
      found.add(`${id} ${cache}`)
      // A repair removes every entry of the product, so the audit does not find the other one any more.
      found.add(`${id} ${cache === 'page' ? 'product' : 'page'}`)
    }
  }
  expect(found.size).toBe(20)
  const last = await run({ sample: 1000 })
  // The entries of the repaired ids are removed, reviews included. A busy machine may be too slow for some others.
  expect(last).toMatchObject({ stale: 0, agreeing: last.sampled, nines: toNines(last.sampled, 0) })
  expect(last.sampled + last.failed).toBe(270)
  for (const id of edited) expect((await products.get(id)).value?.title).toBe('Edited')
})

test('an audit finds a cached absence of an existing product, and a cached product that was deleted', async () => {
  const { db, table, products, run, edit } = await openFreshCatalog()
  await products.get('created')
  await putProduct({ db, table }, 'created', parseProduct(aProduct).content)
  await putProduct({ db, table }, 'deleted', parseProduct(aProduct).content)
  await products.get('deleted')
  await edit('deleted', 'x', {
    UpdateExpression: 'SET deleted = :yes',
    ExpressionAttributeValues: { ':yes': true },
  })
  const { disagreements, nines } = await run({ ids: ['created', 'deleted', 'not cached'] })
  expect(disagreements).toEqual([
    expect.objectContaining({ cache: 'product', id: 'created', version: 0, repaired: true }),
    expect.objectContaining({ cache: 'product', id: 'deleted', repaired: true }),
  ])
  expect(nines).toBe(0)
  expect((await products.get('created')).value?.title).toBe('Moka pot')
})

test('the age of a disagreement counts from the write, but never from before the entry was loaded', async () => {
  const { db, table, products, run, edit } = await openFreshCatalog()
  await putProduct({ db, table }, 'a', parseProduct(aProduct).content)
  await products.get('a')
  await edit('a', 'Edited', {
    ExpressionAttributeValues: { ':title': 'Edited', ':at': '2020-01-01T00:00:00.000Z' },
  })
  const { oldestMs } = await run()
  expect(oldestMs).toBeGreaterThan(150)
  expect(oldestMs).toBeLessThan(20_000)
})

test('toNines converts the share of agreeing entries to a number of nines', () => {
  expect(toNines(0, 0)).toBe(0)
  expect(toNines(200, 0)).toBe(2.3)
  expect(toNines(1000, 1)).toBe(3)
  expect(toNines(100, 100)).toBe(0)
})
