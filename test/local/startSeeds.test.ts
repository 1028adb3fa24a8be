import { readFileSync } from 'node:fs'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { expect, it } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { sampleFile, seedTables } from '../../lib/local/seed.ts'
import { freshTables, testDynamodbEndpoint } from '../support/dynamodb.ts'

const sample: ({ id: string; category: string; reviews?: object[] } & Record<string, unknown>)[] = JSON.parse(
  readFileSync(sampleFile, 'utf8'),
)

/** Seeds the tables of a stage. Returns the steps that were reported. */
async function seed(endpoint: string, stage: string) {
  const steps: string[] = []
  await seedTables(endpoint, (name, description) => steps.push(`${name}: ${description}`), stage)
  return steps
}

it('npm start imports the sample catalogue with its reviews into an empty table, and only once', async () => {
  const { db, table } = await freshTables()
  const stage = table.replace('aisle-', '')
  const endpoint = testDynamodbEndpoint()
  expect(await seed(endpoint, stage)).toEqual([`Table: ${table}, found`, 'Catalogue: 24 sample products'])
  const reviews = sample.flatMap(({ reviews = [] }) => reviews).length
  expect((await db.send(new ScanCommand({ TableName: table, Select: 'COUNT' }))).Count).toBe(24 + reviews)
  expect(await readProduct({ db, table }, '1')).toMatchObject({ rating: { average: 4.67, count: 3 } })
  expect(await seed(endpoint, stage)).toEqual([`Table: ${table}, found`])
})

it('npm start adds nothing to a table that has an item', async () => {
  const { db, table } = await freshTables()
  const { content } = parseProduct({ title: 'Mine', category: 'own', price: { amount: 1, currency: 'EUR' } })
  await putProduct({ db, table }, 'mine', content)
  await seed(testDynamodbEndpoint(), table.replace('aisle-', ''))
  expect((await db.send(new ScanCommand({ TableName: table, Select: 'COUNT' }))).Count).toBe(1)
})

it('the sample consists of 24 valid products', () => {
  for (const { reviews: _, ...product } of sample) expect(parseProduct(product).id).toBe(product.id)
  expect(sample.map(({ id }) => id)).toEqual(Array.from({ length: 24 }, (_, i) => String(i + 1)))
  expect(new Set(sample.map(({ category }) => category)).size).toBe(8)
})
