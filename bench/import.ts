import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { parseProduct } from '../lib/catalog/product/parseProduct.ts'
import { toItem } from '../lib/catalog/table/items.ts'
import { importCatalogue } from '../lib/import/importCatalogue.ts'
import { connectLocal } from '../lib/local/servers/client.ts'
import { createTables } from '../lib/local/servers/createTables.ts'
import { startDynamoDB } from '../lib/local/servers/dynamodbServer.ts'
import { writeResults } from './support/results.ts'

/*
 * Measures the import: its rate compared with a bare loop of the same conditional put, and its memory over a million rows.
 * Writes bench/results/import.json: node bench/import.ts
 */
const rows = 20_000
const rounds = 5
const concurrency = 16
const dryRunRows = 1_000_000

const product = (n: number) => ({
  id: `bench-${n}`,
  title: `Enamel mug number ${n}`,
  description:
    'Holds a third of a litre, keeps its colour in the dishwasher and survives a fall from the table. '.repeat(
      4,
    ),
  brand: 'Hearth',
  category: 'kitchen/mugs',
  price: { amount: 1290 + (n % 500), currency: 'EUR' },
  variants: ['white', 'blue', 'green'].map((colour, at) => ({
    sku: `MUG-${n}-${at}`,
    options: { Colour: colour },
    price: { amount: 1290 + (n % 500), currency: 'EUR' },
    stock: (n * 7 + at) % 40,
  })),
  images: [{ url: `https://images.example/mugs/${n}.webp`, alt: 'A mug' }],
  tags: ['enamel', 'mug', `batch-${n % 100}`],
  attributes: { weight: 300 + (n % 50), dishwasher: true },
})

function* ndjson(count: number, from = 0) {
  for (let n = from; n < from + count; n++) yield `${JSON.stringify(product(n))}\n`
}

const db = await startDynamoDB()
const client = connectLocal(db.url)
/** The import and the bare loop. Each writes `count` rows from row `from` into a table, and returns how long that takes, ms. */
const contenders = {
  async import(table: string, count: number, from: number) {
    const source = Readable.from(Buffer.from([...ndjson(count, from)].join('')), { objectMode: false })
    const begun = performance.now()
    const report = await importCatalogue({ source, target: { db: client, table }, concurrency })
    if (report.created !== count)
      throw new Error(`Created ${report.created} of ${count}: ${report.rejects[0]?.reason}`)
    return performance.now() - begun
  },
  async bare(table: string, count: number, from: number) {
    const now = new Date().toISOString()
    const state = { ratingSum: 0, ratingCount: 0, version: Date.now(), createdAt: now, updatedAt: now }
    const items = Array.from({ length: count }, (_, n) => {
      const { id = '', content } = parseProduct(product(from + n))
      return toItem(id, content, { ...state, writeId: randomUUID() })
    })
    const begun = performance.now()
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        for (let item = items.pop(); item; item = items.pop())
          await client.send(
            new PutCommand({
              TableName: table,
              Item: item,
              ConditionExpression: 'attribute_not_exists(pk)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            }),
          )
      }),
    )
    return performance.now() - begun
  },
}

async function measureRate() {
  const tables = { import: await newTable(), bare: await newTable() }
  // The JVM compiles code that runs often, so the first thousands of requests do not count.
  const warmUp = { import: await newTable(), bare: await newTable() }
  for (const name of ['bare', 'import', 'bare', 'import'] as const)
    await contenders[name](warmUp[name], 1500, Math.floor(performance.now()) * 10_000)
  const spent = { import: 0, bare: 0 }
  const each: { import: number; bare: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const count = rows / rounds
    const times = { import: 0, bare: 0 }
    // The two take turns in going first.
    for (const name of round % 2 ? (['import', 'bare'] as const) : (['bare', 'import'] as const)) {
      times[name] = await contenders[name](tables[name], count, round * count)
      spent[name] += times[name]
    }
    each.push({ import: (1000 * count) / times.import, bare: (1000 * count) / times.bare })
    console.log(
      `round ${round + 1}: import ${Math.round((1000 * count) / times.import)} rows/s, bare loop ${Math.round((1000 * count) / times.bare)} rows/s`,
    )
  }
  const rate = (ms: number) => Math.round((1000 * rows) / ms)
  return {
    importRate: rate(spent.import),
    bareRate: rate(spent.bare),
    ratio: Number((spent.bare / spent.import).toFixed(3)),
    rounds: each.map((round) => Number((round.import / round.bare).toFixed(3))),
  }
}

async function newTable(): Promise<string> {
  const [table] = await createTables(client, randomUUID())
  if (!table) throw new Error('serverless.yml defines no table')
  return table.name
}

/** Measures the peak memory of the real command, as the kernel counts it. */
async function measureMemory() {
  const begun = performance.now()
  const child = spawn(process.execPath, ['cli/import.ts', '--dry-run', '-'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 300_000,
  })
  let peak = 0
  const watch = setInterval(() => {
    try {
      const [, kb] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
      peak = Math.max(peak, Number(kb ?? 0))
    } catch {
      // The process has ended.
    }
  }, 50)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  const exit = once(child, 'exit')
  await pipeline(Readable.from(batches(dryRunRows)), child.stdin)
  const [code] = await exit
  clearInterval(watch)
  if (code !== 0 || !output.includes(`${dryRunRows} can be imported`))
    throw new Error(`Exit ${code}: ${output}`)
  const seconds = (performance.now() - begun) / 1000
  return {
    rows: dryRunRows,
    peakMB: Math.round(peak / 1024),
    rowsPerSecond: Math.round(dryRunRows / seconds),
  }
}

/** A write a row would measure the pipe. */
function* batches(count: number) {
  for (let from = 0; from < count; from += 200) yield [...ndjson(200, from)].join('')
}

try {
  const memory = await measureMemory()
  const rate = await measureRate()
  const result = {
    date: new Date().toISOString(),
    node: process.version,
    cores: cpus().length,
    database: 'DynamoDB Local, in memory',
    concurrency,
    rate: { rows, ...rate },
    dryRun: memory,
  }
  writeResults('import', result)
  console.table({
    'import, rows/s': { measured: rate.importRate, wanted: '' },
    'bare loop, rows/s': { measured: rate.bareRate, wanted: '' },
    'import / bare loop': { measured: rate.ratio, wanted: '>= 0.7' },
    'dry run, rows/s': { measured: memory.rowsPerSecond, wanted: '' },
    'dry run, peak MB': { measured: memory.peakMB, wanted: '< 200' },
  })
} finally {
  client.destroy()
  await db.stop('SIGKILL')
}
