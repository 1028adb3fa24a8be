import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { openCatalog } from '../lib/catalog/index.ts'
import { openMostRead } from '../lib/catalog/mostRead.ts'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { connectLocal } from '../lib/local/servers/client.ts'
import { createTables } from '../lib/local/servers/createTables.ts'
import { startDynamoDB } from '../lib/local/servers/dynamodbServer.ts'
import { startRedis } from '../lib/local/servers/redisServer.ts'
import { warm as warmEntries } from '../lib/operations/warm.ts'
import { insertProducts } from '../test/support/insertProducts.ts'
import { zipf } from '../test/support/zipf.ts'
import { drawPlot } from './coldCatalogue/plot.ts'
import { writeResults } from './support/results.ts'
import { requireRedisBinary } from './support/servers.ts'
import { round } from './support/statistics.ts'

/*
 * Measures the load on the database after the cache was emptied (FLUSHALL) while 500 reads a second go on, over 5,000
 * products with a Zipf distribution: the requests to the database in each second, and the p99 of the reads. Writes
 * bench/results/coldCatalogue.json and docs/cold-catalogue.svg. Takes about two minutes, with a Redis and a DynamoDB Local
 * of its own: node bench/coldCatalogue.ts
 *
 * It runs three times: without warming; with a warming of the 1,000 most-read products that begins together with the reads;
 * and with one that ends before the reads begin, as after a deployment. The most-read list comes from an hour's number of
 * reads, made as fast as possible beforehand.
 */
const catalogue = 5_000
const readsPerSecond = 500
const seconds = 25
const warmed = 1_000

const [server, dynamodb] = await Promise.all([startRedis({ binary: requireRedisBinary() }), startDynamoDB()])
const db = connectLocal(dynamodb.url)
const draw = zipf(catalogue)
// The ids of a category follow each other. Multiplying spreads the most-read products over all categories.
const idOf = (place: number) => `p${(place * 1_237) % catalogue}`

/** Counts the requests to the database by the second in which the client sends them. */
function countRequests(
  catalog: { db: DynamoDBDocumentClient },
  counted: { since: number; bySecond: number[] },
): void {
  catalog.db.middlewareStack.add(
    (next) => (args) => {
      const second = Math.floor((performance.now() - counted.since) / 1000)
      counted.bySecond[second] = (counted.bySecond[second] ?? 0) + 1
      return next(args)
    },
    { step: 'initialize', name: 'countRequests' },
  )
}

/** Reads at an even rate. A slow read does not delay the next one, because visitors of a shop do not wait for each other. */
async function read(catalog: ReturnType<typeof openCatalog>, forSeconds: number) {
  const begun = performance.now()
  const reads: Promise<{ second: number; ms: number; hit: boolean; failed: boolean }>[] = []
  for (let n = 0; n < forSeconds * readsPerSecond; n++) {
    const due = begun + (n / readsPerSecond) * 1000
    const early = due - performance.now()
    if (early > 0) await sleep(early)
    const id = idOf(draw())
    const second = Math.floor(n / readsPerSecond)
    // The time counts from when the read was due: a generator that falls behind must not make reads look faster.
    const done = (hit: boolean, failed: boolean) => ({ second, ms: performance.now() - due, hit, failed })
    reads.push(
      catalog.getProduct(id).then(
        ({ status }) => done(status.hit, false),
        () => done(false, true),
      ),
    )
  }
  return Promise.all(reads)
}

async function measure(table: string, warming: 'none' | 'during the reads' | 'before the reads') {
  const config = { table, redisUrl: server.url, dynamodbEndpoint: dynamodb.url }
  const catalog = openCatalog(config)
  // The warming is a function of its own on AWS, so it has connections and a limit of loads of its own.
  const warmer = openCatalogUpkeep(config)
  try {
    const requests = { since: performance.now(), bySecond: [] as number[] }
    countRequests(catalog, requests)
    countRequests(warmer, requests)
    await catalog.redis.flushall()
    const warm = () => warmEntries(warmer, { top: warmed })
    const before = warming === 'before the reads' ? await warm() : undefined
    const beforeReads = requests.bySecond.reduce((sum, each) => sum + (each ?? 0), 0)
    Object.assign(requests, { since: performance.now(), bySecond: [] })
    const [reads, during] = await Promise.all([
      read(catalog, seconds),
      warming === 'during the reads' ? warm() : undefined,
    ])
    const bySecond = Array.from({ length: seconds }, (_, second) => requests.bySecond[second] ?? 0)
    const hitsIn = (from: number, to: number) => {
      const some = reads.filter(({ second }) => second >= from && second < to)
      return some.filter(({ hit }) => hit).length / some.length
    }
    const p99In = (from: number, to: number) => {
      const times = reads.filter(({ second }) => second >= from && second < to).map(({ ms }) => ms)
      times.sort((a, b) => a - b)
      return times[Math.floor(times.length * 0.99)] ?? 0
    }
    return {
      warming,
      peak: Math.max(...bySecond),
      first5s: bySecond.slice(0, 5).reduce((sum, each) => sum + each, 0),
      all: bySecond.reduce((sum, each) => sum + each, 0),
      beforeReads,
      hitShareFirst5s: Math.round(hitsIn(0, 5) * 1000) / 1000,
      p99MsFirst5s: round(p99In(0, 5), 1),
      p99MsLast5s: round(p99In(seconds - 5, seconds), 1),
      failedReads: reads.filter(({ failed }) => failed).length,
      warmed: before ?? during,
      bySecond,
    }
  } finally {
    catalog.close()
    warmer.close()
  }
}

const results = []
try {
  const [table] = await createTables(db, 'bench')
  if (!table) throw new Error('serverless.yml defines no table')
  const ids = Array.from({ length: catalogue }, (_, n) => `p${n}`)
  for (let at = 0; at < catalogue; at += 100)
    await insertProducts(db, table.name, `shop/${at / 100}`, ids.slice(at, at + 100), {
      description: 'x'.repeat(500),
    })
  // Counts as many reads as a shop has in an hour: the most-read list when its cache is lost.
  const config = { table: table.name, redisUrl: server.url, dynamodbEndpoint: dynamodb.url }
  const before = openCatalogUpkeep(config)
  const mostRead = openMostRead(before.redis, table.name)
  const nothing = async () => {}
  for (let n = 0; n < 3_600 * readsPerSecond; n += 1_000)
    await Promise.all(Array.from({ length: 1_000 }, () => mostRead.countRead(idOf(draw()), nothing)))
  // Stores the most-read list in the table, as the schedule does.
  await warmEntries(before, { top: 1 })
  before.close()
  for (const warming of ['none', 'during the reads', 'before the reads'] as const)
    results.push(await measure(table.name, warming))
} finally {
  db.destroy()
  await Promise.all([server.stop(), dynamodb.stop()])
}

console.table(results.map(({ bySecond: _, warmed: __, ...row }) => row))
const setting = { catalogue, readsPerSecond, seconds, exponent: 1, warmed }
// Joined, so that the file has a line for each run and not one for each second.
const rows = results.map((each) => ({ ...each, bySecond: each.bySecond.join(' ') }))
writeResults('coldCatalogue', { setting, results: rows })
writeFileSync(
  new URL('../docs/cold-catalogue.svg', import.meta.url),
  drawPlot(
    results.map(({ warming, bySecond }) => ({
      name: warming === 'none' ? 'no warming' : `warmed ${warming}`,
      values: bySecond,
    })),
  ),
)
