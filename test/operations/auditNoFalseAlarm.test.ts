import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openCaches } from '../../lib/catalog/caches.ts'
import { entryKinds } from '../../lib/catalog/entryKinds.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { audit } from '../../lib/operations/audit.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { endpoint, table } = await freshTables()
const ids = Array.from({ length: 30 }, (_, n) => `p${n}`)

/** Opens the catalogue as another process does: with connections and memory of its own. */
function open(redisUrl: string) {
  const catalog = openCaches({ table, redisUrl, dynamodbEndpoint: endpoint })
  onTestFinished(catalog.close)
  return catalog
}

const write = (catalog: ReturnType<typeof open>, id: string, title: string) =>
  catalog.write(id, () =>
    putProduct({ db: catalog.db, table }, id, parseProduct({ ...aProduct, title }).content),
  )

test('constant writes raise no alarm', async () => {
  const { url } = await freshRedis()
  const writers = Array.from({ length: 3 }, () => open(url))
  for (const id of ids) await write(writers[0] as ReturnType<typeof open>, id, 'first')
  const endAt = performance.now() + 6_000
  let written = 0
  let deferred = 0
  const writing = writers.map(async (catalog, writer) => {
    for (let n = writer; performance.now() < endAt; n += 5) {
      const { invalidation } = await write(catalog, ids[n % ids.length] ?? '', `${writer} ${n}`).catch(
        // Another writer won the conditional write.
        () => ({ invalidation: 'done' }),
      )
      written++
      if (invalidation === 'deferred') deferred++
      // Leaves the reader time to fill the cache.
      await sleep(30)
    }
  })
  const reader = open(url)
  const reading = (async () => {
    for (let n = 0; performance.now() < endAt; n++) {
      const id = ids[n % ids.length] ?? ''
      await Promise.all([reader.products.get(id), reader.pages.get(id), reader.reviews.get(id)])
    }
  })()
  const auditor = open(url)
  let sampled = 0
  const alarms: unknown[] = []
  while (performance.now() < endAt) {
    const { disagreements, ...counts } = await audit(
      { kinds: entryKinds(auditor), remove: auditor.remove },
      { pauseMs: 700 },
    )
    sampled += counts.sampled
    alarms.push(...disagreements)
  }
  await Promise.all([...writing, reading])
  expect(written).toBeGreaterThan(50)
  expect(sampled).toBeGreaterThan(50)
  // If Redis did not confirm a removal in time, the disagreement is real until the removal is delivered.
  if (deferred === 0) expect(alarms).toEqual([])
  else expect(alarms.length).toBeLessThanOrEqual(deferred * 3)
})

test('a write that ends between the two comparisons is not a disagreement, even if the first one differed', async () => {
  const { url } = await freshRedis()
  const catalog = open(url)
  await write(catalog, 'a', 'old')
  await catalog.products.get('a')
  const { promise: committed, resolve: onCommit } = Promise.withResolvers<void>()
  // The writer pauses between its commit and its removal.
  const writing = catalog.products.write('a', async () => {
    const written = await putProduct(
      { db: catalog.db, table },
      'a',
      parseProduct({ ...aProduct, title: 'new' }).content,
    )
    onCommit()
    await sleep(300)
    return written
  })
  await committed
  const remove = async () => {
    throw new Error('There is nothing to repair')
  }
  const audited = { kinds: entryKinds(catalog), remove }
  const { sampled, stale } = await audit(audited, { ids: ['a'], pauseMs: 1_000 })
  await writing
  expect({ sampled, stale }).toEqual({ sampled: 1, stale: 0 })
})
