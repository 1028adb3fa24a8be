import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { parseProduct } from '../lib/catalog/product/product.ts'
import { upsertProduct } from '../lib/catalog/product/upsertProduct.ts'
import { productKey } from '../lib/catalog/table/items.ts'
import { connectLocal } from '../lib/local/servers/client.ts'
import { startDynamoDB } from '../lib/local/servers/dynamodbServer.ts'
import { findRedisBinary, startRedis } from '../lib/local/servers/redisServer.ts'
import { freePort } from '../lib/local/servers/server.ts'
import { startStack } from '../lib/local/stack.ts'

/**
 * How long an edit that is made straight in DynamoDB Local stays unseen, and writes bench/results/staleness.json.
 *
 * It runs what `npm start` runs: serverless-offline with the functions, and the delivery of the stream to one of them,
 * beside a DynamoDB Local and a Redis of its own. Editors set a product's title by UpdateItem, every other time without
 * a higher version, while readers read all products over HTTP, so that the cache holds them. An edit is seen with the
 * end of the first read that shows it; its staleness counts from the answer to the edit. An edit is lost when it is not
 * seen for 40 s: below the time after which an entry ends by itself. Then the same with Redis killed for 10 s, and with
 * Redis stopped for 10 s, which keeps its entries. About a minute and a half: node bench/staleness.ts
 */
const edits = 1000
const editors = 4
const readers = 4
const productCount = 40
const outageMs = 10_000
const lostAfterMs = 40_000

const binary = findRedisBinary()
if (!binary) throw new Error('No valkey-server or redis-server on PATH')
const home = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
const redisPort = await freePort()
const database = await startDynamoDB()
let redis = await startRedis({ binary, port: redisPort })
const env = { ...process.env, REDIS_URL: redis.url, DYNAMODB_ENDPOINT: database.url, AISLE_HOME: home }
const stack = await startStack({
  ...{ env, home, port: await freePort(), signal: new AbortController().signal },
  say: console.log,
  done: (name, what) => console.log(`${name}: ${what}`),
  // What tells why an edit was lost, if one is; requests themselves are told of by many lines.
  onLine: (line) => {
    if (/come again|cannot be read/.test(line)) console.log(line)
  },
})
const db = connectLocal(database.url)
const TableName = 'aisle-local'
const ids = Array.from({ length: productCount }, (_, n) => `edited-${n}`)
let reads = 0
/** Reads that were answered by an error; serverless-offline makes one that took too long a 200 without a product. */
let unanswered = 0

const titleNow = async (id: string): Promise<string | undefined> => {
  const response = await fetch(`${stack.url}/products/${id}`, { signal: AbortSignal.timeout(10_000) })
  reads++
  const { title } = (await response.json()) as { title?: string }
  if (response.ok && title !== undefined) return title
  unanswered++
  return undefined
}

/** Makes one edit. Returns the ms until a read shows it, or undefined for one that is lost. */
async function edit(id: string, title: string, raise: boolean): Promise<number | undefined> {
  // So that there is an entry to be removed.
  await titleNow(id)
  await db.send(
    new UpdateCommand({
      TableName,
      Key: productKey(id),
      UpdateExpression: raise ? 'SET title = :title, version = version + :one' : 'SET title = :title',
      ExpressionAttributeValues: { ':title': title, ...(raise && { ':one': 1 }) },
    }),
  )
  const begun = performance.now()
  while ((await titleNow(id).catch(() => undefined)) !== title) {
    if (performance.now() - begun > lostAfterMs) {
      console.log(`Lost: ${title} of ${id}`)
      return undefined
    }
    await sleep(2)
  }
  return performance.now() - begun
}

/** Edits under read load, each editor its own products, until there are enough. */
async function measure(name: string, enough: (made: number) => boolean) {
  const begun = performance.now()
  const staleness: number[] = []
  let made = 0
  let lost = 0
  let over = false
  const readsBefore = reads
  const load = Array.from({ length: readers }, async (_, reader) => {
    for (let n = reader; !over; n++) {
      await titleNow(ids[n % ids.length] ?? '').catch(() => {})
      await sleep(5)
    }
  })
  const progress = setInterval(() => console.log(`${name}: ${staleness.length} edits seen`), 5000)
  await Promise.all(
    Array.from({ length: editors }, async (_, editor) => {
      const own = ids.filter((_, n) => n % editors === editor)
      for (let n = 0; !enough(made); n++) {
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

/** The same while Redis is away for a while, from two seconds before until five seconds after. */
async function measureOutage(name: string, leave: () => Promise<unknown>, comeBack: () => Promise<unknown>) {
  const end = performance.now() + 2000 + outageMs + 5000
  const outage = (async () => {
    await sleep(2000)
    console.log(`${name}: away`)
    await leave()
    await sleep(outageMs)
    await comeBack()
    console.log(`${name}: back`)
  })()
  const measured = await measure(name, () => performance.now() > end)
  await outage
  return { ...measured, wrongAtEnd: await wrongProducts() }
}

/** How many products are read otherwise than they are stored. */
async function wrongProducts(): Promise<number> {
  let wrong = 0
  for (const id of ids) {
    const { Item } = await db.send(new GetCommand({ TableName, Key: productKey(id), ConsistentRead: true }))
    let title = await titleNow(id)
    // An error says nothing of what is cached.
    for (let n = 0; title === undefined && n < 10; n++) {
      await sleep(200)
      title = await titleNow(id)
    }
    if (title === Item?.title) continue
    wrong++
    console.log(`${id} is read as ${title}, and stored as ${Item?.title}`)
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
  const calm = await measure('Redis there', (made) => made >= edits)
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
    'p99 within 500 ms': calm.p99 <= 500,
    'no edit lost': [calm, ...outages].every(({ lost }) => lost === 0),
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
    measured: { calm, killed, stopped, unanswered },
    met: demands,
  }
  mkdirSync(new URL('results/', import.meta.url), { recursive: true })
  writeFileSync(new URL('results/staleness.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`)
  console.table({ 'Redis there': calm, 'killed for 10 s': killed, 'stopped for 10 s': stopped })
  console.table(Object.fromEntries(Object.entries(demands).map(([what, met]) => [what, { met }])))
} finally {
  redis.process.kill('SIGCONT')
  db.destroy()
  await stack.stop()
  await redis.stop('SIGKILL')
  await database.stop('SIGKILL')
  rmSync(home, { recursive: true, force: true })
}
