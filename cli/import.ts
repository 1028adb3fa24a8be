import { appendFileSync, createReadStream, existsSync, openSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { currency } from '../lib/import/money.ts'
import { showProgress } from '../lib/import/progress.ts'
import { isComplete, keptRejects, type Reject } from '../lib/import/report.ts'
import { importCatalogue } from '../lib/import/run.ts'
import { rejectLine, summary } from '../lib/import/summary.ts'
import { asCommand } from '../lib/project/asCommand.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run import -- [options] FILE
       ... | npm run import -- [options] [-]

Imports a catalogue: a JSON array, NDJSON or a Shopify product CSV, plain or gzipped, told apart by content.
Products that are not there yet are created, changed ones get a new version, unchanged ones are left alone.

A product is Aisle's own (as GET /products/{id} answers it, "reviews" optional), DummyJSON's, or Shopify's.
A bad row is reported with its line and the rest goes on. It can be stopped at any moment and run again.
An id that comes twice is an update by the later row. Where somebody edits a product just while it is imported,
their edit stands and the row is listed.

Options:
  --dry-run          check the file, write nothing
  --strict           stop at the first row that cannot be taken
  --currency CODE    the currency of prices that come without one  [default: USD]
  --concurrency N    rows written at the same time, 1 to 50  [default: 16]
  --rejects FILE     write every row that was not taken to this new file, to be mended and imported
  --table NAME       the table  [default: TABLE_NAME, else aisle-local; with --aws none]
  --aws              import into AWS, with its usual credentials and AWS_REGION, instead of the local database
  --help             print this

Environment:
  TABLE_NAME         the table, where --table does not name it
  DYNAMODB_ENDPOINT  the local database  [default: http://127.0.0.1:8000, where npm start has it]
  REDIS_URL          the cache that forgets what is written
                     [default: redis://127.0.0.1:6379, where npm start has it; with --aws none]

Exit code: 0 all rows are in the table; 1 not all, or bad usage; 130 interrupted.
`

const options = {
  'dry-run': { type: 'boolean', default: false },
  strict: { type: 'boolean', default: false },
  currency: { type: 'string', default: 'USD' },
  concurrency: { type: 'string', default: '16' },
  rejects: { type: 'string' },
  table: { type: 'string' },
  aws: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** The input and its size, where it has one. */
function open(file: string | undefined): { source: Readable; size: number | undefined } {
  if (file === undefined || file === '-') return { source: process.stdin, size: undefined }
  const stats = statSync(file, { throwIfNoEntry: false })
  if (!stats) throw new SetupError(`There is no file ${file}`)
  if (stats.isDirectory()) throw new SetupError(`${file} is a folder: name a file`)
  return { source: createReadStream(file, { highWaterMark: 64 * 1024 }), size: stats.size || undefined }
}

/** Loads the AWS SDK only when there is something to write. */
async function connect(aws: boolean) {
  if (aws) return (await import('../lib/clients/dynamodb/index.ts')).connectDynamoDB(undefined)
  const { answersHttp } = await import('../lib/local/servers/dynamodbServer.ts')
  const { connectLocal } = await import('../lib/local/servers/client.ts')
  const endpoint = process.env.DYNAMODB_ENDPOINT || 'http://127.0.0.1:8000'
  if (!(await answersHttp(endpoint)))
    throw new SetupError(
      `No database answers at ${endpoint}: run npm start in another terminal, set DYNAMODB_ENDPOINT, or use --aws`,
    )
  return connectLocal(endpoint)
}

/**
 * Removes what was written from the cache, where one can be named: the local one, and on AWS only what REDIS_URL says,
 * for a deployed cache lies in a private network.
 */
async function openCache(aws: boolean, table: string) {
  const redisUrl = process.env.REDIS_URL || (aws ? undefined : 'redis://127.0.0.1:6379')
  if (redisUrl === undefined) return undefined
  const { openCatalogUpkeep } = await import('../lib/catalog/upkeep.ts')
  return openCatalogUpkeep({
    table,
    redisUrl,
    redisIam: process.env.REDIS_IAM || undefined,
    dynamodbEndpoint: undefined,
  })
}

/** Adds a line to the rejects file, which is made with the first one. */
function rejectsWriter(file: string): (reject: Reject) => void {
  if (existsSync(file)) throw new SetupError(`${file} exists already: name a new file for --rejects`)
  let descriptor: number | undefined
  return (reject) => {
    descriptor ??= openSync(file, 'wx')
    appendFileSync(descriptor, `${asLine(reject)}\n`)
  }
}

function asLine(reject: Reject): string {
  try {
    return JSON.stringify(reject)
  } catch {
    // Nested too deeply to be written: its line says where it is.
    return JSON.stringify({ ...reject, row: undefined })
  }
}

// Nearly all that a row leaves behind is garbage. Left to itself V8 lets it pile up: 220 MB at the peak instead of 150.
setFlagsFromString('--semi-space-growth-factor=1')
setFlagsFromString('--heap-growing-percent=25')

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [file] = positionals
  if (values.help || (file === undefined && process.stdin.isTTY)) {
    process.stdout.write(help)
    return values.help ? 0 : 1
  }
  if (positionals.length > 1) throw new SetupError('Name one file at a time')
  const concurrency = Number(values.concurrency)
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 50))
    throw new SetupError(`--concurrency ${values.concurrency} must be a number from 1 to 50`)
  currency(values.currency)
  const keep = values.rejects === undefined ? undefined : rejectsWriter(values.rejects)
  const { source, size } = open(file)
  const table = values.table ?? (process.env.TABLE_NAME || (values.aws ? undefined : 'aisle-local'))
  if (table === undefined) throw new SetupError('With --aws name the table as well: --table NAME')
  const target = values['dry-run'] ? undefined : { db: await connect(values.aws), table }
  const cache = target && (await openCache(values.aws, table))

  const progress = showProgress(process.stderr, size)
  const controller = new AbortController()
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(130)
    progress.say('Stopping when what was begun is finished; once more to stop at once')
    controller.abort()
  })
  let printed = 0
  const report = await importCatalogue({
    source,
    ...(target && { target }),
    ...(cache && { invalidate: cache.remove }),
    concurrency,
    currencyCode: values.currency,
    strict: values.strict,
    signal: controller.signal,
    onProgress: progress.update,
    onReject: (reject) => {
      keep?.(reject)
      if (printed++ < keptRejects) progress.say(rejectLine(reject))
      else if (printed === keptRejects + 1 && !keep)
        progress.say('Further rows are counted but not printed; --rejects FILE keeps them all')
    },
  }).finally(() => progress.stop())
  target?.db.destroy()
  cache?.close()
  process.stdout.write(
    summary(report, { dryRun: values['dry-run'], ...(values.rejects && { rejectsFile: values.rejects }) }),
  )
  return report.interrupted ? 130 : isComplete(report) ? 0 : 1
}

await asCommand(main, (error) => error instanceof RangeError)
