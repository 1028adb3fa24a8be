import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCaches } from '../../lib/catalog/caches.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { freshDirectory, runScript } from '../support/cli.ts'
import { freshTables } from '../support/dynamodb.ts'
import { mug, ndjson } from '../support/importing.ts'
import { freshRedis } from '../support/redis.ts'

const { table, endpoint } = await freshTables()

async function importRows(rows: unknown[], redisUrl: string) {
  const file = join(freshDirectory(), 'rows.ndjson')
  writeFileSync(file, ndjson(rows))
  return runScript('cli/import.ts', [file], {
    ...process.env,
    TABLE_NAME: table,
    DYNAMODB_ENDPOINT: endpoint,
    REDIS_URL: redisUrl,
  })
}

test('the next read sees what an import wrote, including products that did not exist before', async () => {
  const redis = await freshRedis()
  const { products, pages, reviews, close } = openCaches({
    table,
    redisUrl: redis.url,
    dynamodbEndpoint: endpoint,
  })
  onTestFinished(close)
  await importRows([mug('a'), mug('same')], redis.url)
  await products.get('a')
  await products.get('same')
  await products.get('b')
  expect((await products.get('b')).status.hit).toBe(true)

  await pages.get('a')
  await reviews.get('a')

  const { code } = await importRows([mug('a', { title: 'New' }), mug('same'), mug('b')], redis.url)
  expect(code).toBe(0)
  expect(await products.get('a')).toMatchObject({ value: { title: 'New' }, status: { hit: false } })
  expect(await products.get('b')).toMatchObject({ value: { title: 'Mug b' }, status: { hit: false } })
  expect((await pages.get('a')).value?.product.title).toBe('New')
  expect((await reviews.get('a')).status.hit).toBe(false)
  expect((await products.get('same')).status.hit).toBe(true)
})

test('an import without Redis writes to the table and reports the entries that it could not remove', async () => {
  const { code, out } = await importRows([mug('c')], `redis://127.0.0.1:${await freePort()}`)
  expect(code).toBe(0)
  expect(out).toContain('1 created')
  expect(out).toMatch(/1 cache entry could not be removed/)
})
