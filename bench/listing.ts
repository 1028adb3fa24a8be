import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb'
import { readCategories } from '../lib/catalog/categories/categories.ts'
import { readListing } from '../lib/catalog/listing/listing.ts'
import { readProductPage } from '../lib/catalog/productPage.ts'
import { toItem } from '../lib/catalog/table/items.ts'
import { categoriesKey } from '../lib/catalog/table/keys.ts'
import { connectLocal } from '../lib/local/servers/client.ts'
import { createTables } from '../lib/local/servers/createTables.ts'
import { startDynamoDB } from '../lib/local/servers/dynamodbServer.ts'
import { writeResults } from './support/results.ts'
import { median, round } from './support/statistics.ts'

/*
 * Measures the cost of a cold listing and of a cold product page (document), by the number of products: requests, read
 * units as DynamoDB counts them, and time. Writes bench/results/listing.json. Takes about a minute; run nothing else on
 * the machine at the same time: node bench/listing.ts
 *
 * A listing here is the category tree and the positions. Its products come from the products' own cache, and each
 * product that the cache lacks costs one more read.
 */
const sizes = [1_000, 100_000]
const categories = Array.from({ length: 20 }, (_, n) => `shop/${String.fromCharCode(97 + n)}`)
const runs = 50

const server = await startDynamoDB()
const db = connectLocal(server.url)

/** The requests so far, and the read units that DynamoDB returned for them. */
const cost = { requests: 0, units: 0 }
db.middlewareStack.add(
  (next) => async (args) => {
    const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as typeof args.input
    const result = await next({ ...args, input })
    const { ConsumedCapacity } = result.output as {
      ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[]
    }
    cost.requests++
    for (const { CapacityUnits = 0 } of [ConsumedCapacity ?? []].flat()) cost.units += CapacityUnits
    return result
  },
  { step: 'initialize' },
)

/** Returns the creation time of product `n`, one second after that of the product before. */
const createdAtOf = (n: number) => new Date(Date.parse('2026-01-01T00:00:00.000Z') + n * 1000).toISOString()

async function fill(table: string, count: number): Promise<void> {
  const price = { amount: 1000, currency: 'EUR' }
  const put = (n: number) => {
    const category = categories[n % categories.length] ?? ''
    const content = { title: `Product ${n}`, description: 'x'.repeat(500), category, price, stock: 1 }
    const createdAt = createdAtOf(n)
    const state = { ratingSum: 0, ratingCount: 0, version: 1, createdAt, updatedAt: createdAt, writeId: 'w' }
    const lists = { variants: [], images: [], tags: [], attributes: {} }
    return { PutRequest: { Item: toItem(`p${n}`, { ...content, ...lists }, state) } }
  }
  let next = 0
  const write = async () => {
    while (next < count) {
      const from = next
      next += 25
      const requests = Array.from({ length: Math.min(25, count - from) }, (_, n) => put(from + n))
      await db.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }))
    }
  }
  await Promise.all(Array.from({ length: 4 }, write))
  const counters = categories.map((path) => ({
    PutRequest: { Item: { ...categoriesKey(path), products: count / categories.length } },
  }))
  await db.send(new BatchWriteCommand({ RequestItems: { [table]: counters } }))
}

/** Returns the mean cost of a run, and the median of its time, ms. */
async function measure(run: (n: number) => Promise<unknown>) {
  const times: number[] = []
  for (let n = 0; n < 5; n++) await run(n)
  Object.assign(cost, { requests: 0, units: 0 })
  for (let n = 0; n < runs; n++) {
    const begun = performance.now()
    await run(n)
    times.push(performance.now() - begun)
  }
  return {
    requests: cost.requests / runs,
    units: cost.units / runs,
    ms: round(median(times), 1),
  }
}

const results: Record<string, Record<string, Awaited<ReturnType<typeof measure>>>> = {}
try {
  for (const size of sizes) {
    const [table] = await createTables(db, `bench-${size}`)
    if (!table) throw new Error('serverless.yml defines no table')
    await fill(table.name, size)
    const list = async (id: string) =>
      readListing({ db, table: table.name }, id, await readCategories({ db, table: table.name }))
    const middle = `${createdAtOf(size / 2)}#p${size / 2}`
    const measured = {
      'listing, one category': await measure(() => list(`${categories[0]}|`)),
      'listing, 20 categories': await measure(() => list('shop|')),
      'listing, 20 categories, from the middle': await measure(() => list(`shop|${middle}`)),
      'product page': await measure((n) => readProductPage({ db, table: table.name }, `p${(n * 17) % size}`)),
    }
    for (const [what, each] of Object.entries(measured))
      results[what] = { ...results[what], [`${size} products`]: each }
  }
} finally {
  db.destroy()
  await server.stop()
}

console.table(
  Object.entries(results).flatMap(([what, bySize]) =>
    Object.entries(bySize).map(([size, each]) => ({ what, size, ...each })),
  ),
)
writeResults('listing', results)
