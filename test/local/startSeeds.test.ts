import { readFileSync } from 'node:fs'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { expect, it } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { fillTable, sampleFile } from '../../lib/local/seed.ts'
import { endpointOfWorker, freshTables } from '../support/dynamodb.ts'

const sample: ({ id: string; category: string; reviews?: object[] } & Record<string, unknown>)[] = JSON.parse(
  readFileSync(sampleFile, 'utf8'),
)

async function fill(endpoint: string, stage: string) {
  const told: string[] = []
  await fillTable(endpoint, (name, what) => told.push(`${name}: ${what}`), stage)
  return told
}

it('fills an empty table with the sample catalogue, reviews included, and leaves it alone ever after', async () => {
  const { db, table } = await freshTables()
  const stage = table.replace('aisle-', '')
  const endpoint = endpointOfWorker()
  expect(await fill(endpoint, stage)).toEqual([`Table: ${table}, found`, 'Catalogue: 24 sample products'])
  const reviews = sample.flatMap(({ reviews = [] }) => reviews).length
  expect((await db.send(new ScanCommand({ TableName: table, Select: 'COUNT' }))).Count).toBe(24 + reviews)
  expect(await readProduct({ db, table }, '1')).toMatchObject({ rating: { average: 4.67, count: 3 } })
  expect(await fill(endpoint, stage)).toEqual([`Table: ${table}, found`])
})

it('adds nothing to a table that holds anything', async () => {
  const { db, table } = await freshTables()
  const { content } = parseProduct({ title: 'Mine', category: 'own', price: { amount: 1, currency: 'EUR' } })
  await putProduct({ db, table }, 'mine', content)
  await fill(endpointOfWorker(), table.replace('aisle-', ''))
  expect((await db.send(new ScanCommand({ TableName: table, Select: 'COUNT' }))).Count).toBe(1)
})

it('has a sample of 24 products that the catalog takes', () => {
  for (const { reviews: _, ...product } of sample) expect(parseProduct(product).id).toBe(product.id)
  expect(sample.map(({ id }) => id)).toEqual(Array.from({ length: 24 }, (_, i) => String(i + 1)))
  expect(new Set(sample.map(({ category }) => category)).size).toBe(8)
})
