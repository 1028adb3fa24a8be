import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { importCatalogue } from '../lib/import/importCatalogue.ts'
import { parseCurrency } from '../lib/import/money.ts'
import { showProgress } from '../lib/import/progress.ts'
import { createRejectsFile } from '../lib/import/rejectsFile.ts'
import { isComplete, maxReportedRejects } from '../lib/import/report.ts'
import { formatReject, formatSummary } from '../lib/import/summary.ts'
import { runMain } from '../lib/project/runMain.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run import -- [options] FILE
       ... | npm run import -- [options] [-]

Imports a catalogue: a JSON array, NDJSON or a Shopify product CSV, plain or gzipped. The content decides the format.
It creates new products, gives changed products a new version, and leaves unchanged products alone.

A product has Aisle's own form (as GET /products/{id} answers it, "reviews" optional), DummyJSON's, or Shopify's.
The import reports each bad row with its line, and continues. You can stop it at any time and run it again.
If an id occurs twice, the later row updates the product. If another writer edits a product while its row is being
written, the edit stands and the import reports the row.

Options:
  --dry-run          check the file, write nothing
  --strict           stop at the first row that cannot be imported
  --currency CODE    the currency of prices that name none  [default: USD]
  --concurrency N    how many rows to write at the same time, 1 to 50  [default: 16]
  --rejects FILE     save the rows that were not imported to this new file, to correct and import them
  --table NAME       the table  [default: TABLE_NAME, else aisle-local; none with --aws]
  --aws              import into AWS, with the AWS credentials that the AWS command line uses, instead of the local
                     database
  --region REGION    the region of the table on AWS  [default: AWS_REGION, else AWS_DEFAULT_REGION, else that of the
                     profile]
  --help             print this help

Environment:
  TABLE_NAME         the table, if --table does not name it
  DYNAMODB_ENDPOINT  the local database  [default: http://127.0.0.1:8000, as npm start runs it]
  REDIS_URL          the cache from which imported products are removed
                     [default: redis://127.0.0.1:6379, as npm start runs it; none with --aws]

Exit code: 0 all rows are in the table; 1 some rows are not, or wrong usage; 130 interrupted.
`

const options = {
  'dry-run': { type: 'boolean', default: false },
  strict: { type: 'boolean', default: false },
  currency: { type: 'string', default: 'USD' },
  concurrency: { type: 'string', default: '16' },
  rejects: { type: 'string' },
  table: { type: 'string' },
  aws: { type: 'boolean', default: false },
  region: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

/** Opens the input. A pipe has no size. */
function openInput(file: string | undefined): { source: Readable; size: number | undefined } {
  if (file === undefined || file === '-') return { source: process.stdin, size: undefined }
  const stats = statSync(file, { throwIfNoEntry: false })
  if (!stats) throw new SetupError(`There is no file ${file}`)
  if (stats.isDirectory()) throw new SetupError(`${file} is a directory: name a file`)
  return { source: createReadStream(file, { highWaterMark: 64 * 1024 }), size: stats.size || undefined }
}

/** Connects to the database. Loads the AWS SDK only now: a dry run does not need it. */
async function connect(table: string, { aws, region }: { aws: boolean; region?: string | undefined }) {
  if (aws) return (await import('../lib/deploy/connectTable.ts')).connectTable(table, region)
  const { requireDatabase } = await import('../lib/local/requireDatabase.ts')
  const { connectLocal } = await import('../lib/local/servers/client.ts')
  const endpoint = process.env.DYNAMODB_ENDPOINT || 'http://127.0.0.1:8000'
  await requireDatabase(endpoint, 'set DYNAMODB_ENDPOINT, or use --aws')
  return connectLocal(endpoint)
}

/**
 * Opens the cache from which imported products are removed: the local one, or the one that REDIS_URL names. With --aws
 * there is no default, because a deployed cache is in a private network.
 */
async function openCache(aws: boolean, table: string) {
  const redisUrl = process.env.REDIS_URL || (aws ? undefined : 'redis://127.0.0.1:6379')
  if (redisUrl === undefined) return undefined
  const { openCatalogUpkeep } = await import('../lib/catalog/upkeep.ts')
  const redisIam = process.env.REDIS_IAM || undefined
  try {
    return openCatalogUpkeep({ table, redisUrl, redisIam, dynamodbEndpoint: undefined })
  } catch (error) {
    // Nothing connects yet: REDIS_URL or REDIS_IAM is invalid.
    throw new SetupError((error as Error).message)
  }
}

// Nearly all memory that a row uses becomes garbage at once. With its defaults V8 lets it pile up: 220 MB at the peak
// instead of 150.
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
    throw new SetupError(`--concurrency ${values.concurrency} must be a whole number from 1 to 50`)
  if (values.region !== undefined && !values.aws) throw new SetupError('--region works with --aws only')
  parseCurrency(values.currency)
  const saveReject = values.rejects === undefined ? undefined : createRejectsFile(values.rejects)
  const { source, size } = openInput(file)
  const table = values.table ?? (process.env.TABLE_NAME || (values.aws ? undefined : 'aisle-local'))
  if (table === undefined) throw new SetupError('--aws has no default table: name it with --table NAME')
  const target = values['dry-run'] ? undefined : { db: await connect(table, values), table }
  const cache = target && (await openCache(values.aws, table))

  const progress = showProgress(process.stderr, size)
  const controller = new AbortController()
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(130)
    progress.printLine('Finishing the rows that are being written. Press Ctrl-C again to stop at once')
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
      saveReject?.(reject)
      if (printed++ < maxReportedRejects) progress.printLine(formatReject(reject))
      else if (printed === maxReportedRejects + 1 && !saveReject)
        progress.printLine(
          'Further rows are counted but not printed. --rejects FILE saves them all to a file',
        )
    },
  }).finally(() => progress.stop())
  target?.db.destroy()
  cache?.close()
  process.stdout.write(
    formatSummary(report, {
      dryRun: values['dry-run'],
      ...(values.rejects && { rejectsFile: values.rejects }),
    }),
  )
  return report.interrupted ? 130 : isComplete(report) ? 0 : 1
}

await runMain(main, (error) => error instanceof RangeError)
