import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { parseProduct } from '../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../lib/catalog/product/upsertProduct.ts'
import { productKey } from '../lib/catalog/table/keys.ts'
import { connectLocal } from '../lib/local/servers/client.ts'
import { startDynamoDB } from '../lib/local/servers/dynamodbServer.ts'
import { freePort } from '../lib/local/servers/ports.ts'
import { startRedis } from '../lib/local/servers/redisServer.ts'
import { startStack } from '../lib/local/stack.ts'
import { writeResults } from './support/results.ts'
import { requireRedisBinary } from './support/servers.ts'

/*
 * Measures how long readers do not see an edit that is made directly in DynamoDB Local. Writes
 * bench/results/staleness.json. Takes about a minute and a half: node bench/staleness.ts
 *
 * It runs what `npm start` runs: serverless-offline with the functions, and the delivery of the stream to one of them. The
 * DynamoDB Local and the Redis are its own. Editors set a product's title by UpdateItem, every other time without a higher
 * version. Meanwhile readers read all products over HTTP, so that the cache holds them.
 *
 * An edit is seen when the first read that shows it ends. Its staleness counts from the response to the UpdateItem. An edit
 * is lost if no read shows it for 40 s, which is less than the life of an entry. The measurement is repeated with Redis
 * killed for 10 s, and with Redis stopped for 10 s. A stopped Redis keeps its entries.
 */
const edits = 1000
const editors = 4
const readers = 4
const productCount = 40
const outageMs = 10_000
const lostAfterMs = 40_000

const binary = requireRedisBinary()
const home = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
const redisPort = await freePort()
const database = await startDynamoDB()
let redis = await startRedis({ binary, port: redisPort })
const env = { ...process.env, REDIS_URL: redis.url, DYNAMODB_ENDPOINT: database.url, AISLE_HOME: home }
const stack = await startStack({
  ...{ env, dataDirectory: home, port: await freePort(), signal: new AbortController().signal },
  print: console.log,
  onReady: (name, what) => console.log(`${name}: ${what}`),
  // Prints only the lines that can explain why an edit was lost.
  onLine: (line) => {
    if (/delivered again|Cannot read/.test(line)) console.log(line)
  },
})
const db = connectLocal(database.url)
const TableName = 'aisle-local'
const ids = Array.from({ length: productCount }, (_, n) => `edited-${n}`)
let reads = 0
/** Reads that failed. If a read takes too long, serverless-offline responds with 200 and no product. */
let unanswered = 0

const readTitle = async (id: string): Promise<string | undefined> => {
  const response = await fetch(`${stack.url}/products/${id}`, { signal: AbortSignal.timeout(10_000) })
  reads++
  const { title } = (await response.json()) as { title?: string }
  if (response.ok && title !== undefined) return title
  unanswered++
  return undefined
}

/** Makes one edit. Returns the time until a read shows it, ms, or undefined if the edit is lost. */
async function edit(id: string, title: string, raise: boolean): Promise<number | undefined> {
  // Fills the entry that the edit must remove.
  await readTitle(id)
  await db.send(
    new UpdateCommand({
      TableName,
      Key: productKey(id),
      UpdateExpression: raise ? 'SET title = :title, version = version + :one' : 'SET title = :title',
      ExpressionAttributeValues: { ':title': title, ...(raise && { ':one': 1 }) },
    }),
  )
  const begun = performance.now()
  while ((await readTitle(id).catch(() => undefined)) !== title) {
    if (performance.now() - begun > lostAfterMs) {
      console.log(`Lost: no read of ${id} shows "${title}"`)
      return undefined
    }
    await sleep(2)
  }
  return performance.now() - begun
}

/** Makes edits under read load until `isDone` returns true. Each editor has products of its own. */
async function measure(name: string, isDone: (made: number) => boolean) {
  const begun = performance.now()
  const staleness: number[] = []
  let made = 0
  let lost = 0
  let over = false
  const readsBefore = reads
  const load = Array.from({ length: readers }, async (_, reader) => {
    for (let n = reader; !over; n++) {
      await readTitle(ids[n % ids.length] ?? '').catch(() => {})
      await sleep(5)
    }
  })
  const progress = setInterval(() => console.log(`${name}: ${staleness.length} edits seen`), 5000)
  await Promise.all(
    Array.from({ length: editors }, async (_, editor) => {
      const own = ids.filter((_, n) => n % editors === editor)
      for (let n = 0; !isDone(made); n++) {
        made++
        const seen = await edit(own[n % own.length] ?? '', `${name} ${editor} ${n}`, n % 2 === 0)
        if (seen === undefined) lost++
        else staleness.push(seen)
      }
    }),
  )
  over = true
  clearInterval(progress)
  await Promise.all(load)
  const seconds = (performance.now() - begun) / 1000
  staleness.sort((a, b) => a - b)
  const at = (share: number) => Math.round(staleness[Math.ceil(share * staleness.length) - 1] ?? 0)
  return {
    ...{ edits: made, lost, p50: at(0.5), p99: at(0.99), max: at(1) },
    readsPerSecond: Math.round((reads - readsBefore) / seconds),
  }
}

/** Measures from two seconds before an outage of Redis until five seconds after it. */
async function measureOutage(name: string, stop: () => Promise<unknown>, restart: () => Promise<unknown>) {
  const end = performance.now() + 2000 + outageMs + 5000
  const outage = (async () => {
    await sleep(2000)
    console.log(`${name}: the outage begins`)
    await stop()
    await sleep(outageMs)
    await restart()
    console.log(`${name}: the outage is over`)
  })()
  const measured = await measure(name, () => performance.now() > end)
  await outage
  return { ...measured, wrongAtEnd: await countWrong() }
}

/** Returns how many products the API shows with another title than the table. */
async function countWrong(): Promise<number> {
  let wrong = 0
  for (const id of ids) {
    const { Item } = await db.send(new GetCommand({ TableName, Key: productKey(id), ConsistentRead: true }))
    let title = await readTitle(id)
    // An error does not show what is in the cache.
    for (let n = 0; title === undefined && n < 10; n++) {
      await sleep(200)
      title = await readTitle(id)
    }
    if (title === Item?.title) continue
    wrong++
    console.log(`${id} is "${title}" for readers, and "${Item?.title}" in the table`)
  }
  return wrong
}

try {
  const { content } = parseProduct({
    ...{ title: 'Edited', category: 'bench/edited', price: { amount: 100, currency: 'EUR' } },
    description: 'x'.repeat(1500),
  })
  for (const id of ids) await upsertProduct({ db, table: TableName }, { id, content })
  await measure('warm-up', (made) => made >= 40)
  const running = await measure('Redis running', (made) => made >= edits)
  const killed = await measureOutage(
    'Redis killed for 10 s',
    () => redis.stop('SIGKILL'),
    async () => {
      redis = await startRedis({ binary, port: redisPort })
    },
  )
  const stopped = await measureOutage(
    'Redis stopped for 10 s',
    async () => redis.process.kill('SIGSTOP'),
    async () => redis.process.kill('SIGCONT'),
  )
  const outages = [killed, stopped]
  const demands = {
    'p99 within 500 ms': running.p99 <= 500,
    'no edit lost': [running, ...outages].every(({ lost }) => lost === 0),
    'nothing wrong after an outage': outages.every(({ wrongAtEnd }) => wrongAtEnd === 0),
    'staleness within the outage and 2 s': outages.every(({ max }) => max <= outageMs + 2000),
  }
  const result = {
    date: new Date().toISOString(),
    node: process.version,
    cores: cpus().length,
    setup:
      'the stack of npm start: serverless-offline and its delivery of the stream; DynamoDB Local in memory',
    ...{ editors, readers, products: productCount, unit: 'ms' },
    measured: { running, killed, stopped, unanswered },
    met: demands,
  }
  writeResults('staleness', result)
  console.table({ 'Redis running': running, 'killed for 10 s': killed, 'stopped for 10 s': stopped })
  console.table(Object.fromEntries(Object.entries(demands).map(([what, met]) => [what, { met }])))
} finally {
  redis.process.kill('SIGCONT')
  db.destroy()
  await stack.stop()
  await redis.stop('SIGKILL')
  await database.stop('SIGKILL')
  rmSync(home, { recursive: true, force: true })
}
