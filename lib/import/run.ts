import type { Readable } from 'node:stream'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { inOrder } from './inOrder.ts'
import { idOf, judge } from './judge.ts'
import { currency } from './money.ts'
import { readRows } from './readRows.ts'
import { keptRejects, newReport, printable, type Reject, type Report } from './report.ts'
import { type Row, UnreadableFile } from './row.ts'
import type { ImportedProduct } from './shape.ts'
import { readBytes } from './source.ts'

export interface ImportOptions {
  /** The file: a JSON array, NDJSON or a Shopify CSV, plain or gzipped. */
  source: Readable
  /** Where the products go. Without one nothing is written: a dry run. */
  target?: { db: DynamoDBDocumentClient; table: string }
  /** Removes a product that was written here from the cache. May not throw. */
  invalidate?: (id: string, version: number | undefined) => Promise<'done' | 'deferred'>
  /** ISO 4217 code for prices that come without one. @default 'USD' */
  currencyCode?: string
  /** Rows that are written at the same time. @default 16 */
  concurrency?: number
  /** Stop at the first row that is refused or not written. @default false */
  strict?: boolean
  /** How long one request to the database is repeated, in ms. @default 30_000 */
  patienceMs?: number
  /** Hears of every row that is refused or not written; the import waits for it. */
  onReject?: (reject: Reject) => void | Promise<void>
  /** Hears of the report after every row. */
  onProgress?: (report: Report) => void
  /** Stops reading and ends with what is being written. */
  signal?: AbortSignal
}

/**
 * Imports a catalogue: reads it as a stream, row by row, and upserts each product. A row that cannot be taken is
 * reported and the rest goes on. Rows with the same id are applied in their order. Prints nothing.
 *
 * @returns what became of the rows; it does not throw for what is wrong with the file or the database
 * @throws {RangeError} for what is not the code of a currency
 */
export async function importCatalogue(options: ImportOptions): Promise<Report> {
  const { source, target, strict = false, concurrency = 16, patienceMs = 30_000, signal } = options
  const money = currency(options.currencyCode ?? 'USD')
  const report = newReport()
  const began = Date.now()
  const serially = inOrder()
  let stopped = false
  const stop = (error?: string) => {
    stopped = true
    if (error !== undefined) report.error ??= printable(error)
    // Nothing more may ever arrive from a pipe, so a read that waits has to be ended.
    source.destroy()
  }

  const reject = async (kind: 'refused' | 'unwritten', row: Row, reason: string, id?: string) => {
    report[kind]++
    if (strict) stop(`Stopped at line ${row.line}: with --strict the first row that cannot be taken ends it`)
    const rejected = { line: row.line, ...(id !== undefined && { id }), reason: printable(reason) }
    if (report.rejects.length < keptRejects) report.rejects.push(rejected)
    try {
      await options.onReject?.({ ...rejected, ...(row.value !== undefined && { row: row.value }) })
    } catch (error) {
      stop(`A rejected row cannot be noted down: ${(error as Error).message}`)
    }
  }

  // Loaded only now: to check a file takes neither the AWS SDK nor the memory that it occupies.
  const writer = target && (await import('./writer.ts')).createWriter(target, { patienceMs, signal })
  const write = async (put: NonNullable<typeof writer>, row: Row, product: ImportedProduct) => {
    const done = await put(product)
    if ('reason' in done) {
      if (done.endsAll !== undefined) stop(done.endsAll)
      await reject('unwritten', row, done.reason, product.id)
    } else {
      report[done.outcome]++
      report.reviewsAdded += done.reviewsAdded
      if (done.outcome === 'unchanged') return
    }
    // After an error as well: the write may have been done and only its answer lost.
    const version = 'version' in done ? done.version : undefined
    if ((await options.invalidate?.(product.id, version)) === 'deferred') report.deferred++
  }

  const rows = readRows(
    readBytes(source, (count) => {
      report.bytes += count
    }),
  )
  const writing = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  /** Begins to write a product, and waits while as many as may be are being written. */
  const take = (row: Row, product: ImportedProduct): Promise<unknown> | undefined => {
    if (!writer) {
      report.valid++
      return undefined
    }
    const written = serially(product.id, () => write(writer, row, product))
      .catch((error: unknown) => {
        failure ??= { error }
        stop()
      })
      .finally(() => {
        writing.delete(written)
        options.onProgress?.(report)
      })
    writing.add(written)
    return writing.size < concurrency ? undefined : Promise.race(writing)
  }
  // One reader, so that rows are looked at in their order and none is read long before it can be written.
  const readAll = async () => {
    for await (const batch of rows) {
      for (const row of batch) {
        if (stopped) return
        report.rows++
        const judged = judge(row, money)
        if ('product' in judged) {
          const room = take(row, judged.product)
          if (room) await room
        } else if ('reason' in judged) await reject('refused', row, judged.reason, idOf(row.value))
        else report.skipped++
        options.onProgress?.(report)
      }
    }
  }
  const interrupt = () => {
    report.interrupted = true
    stop()
  }
  if (signal?.aborted) interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    await readAll()
  } catch (error) {
    const why = whyUnreadable(error)
    if (why === undefined) failure ??= { error }
    // Once stopped, that the reading broke off is no news.
    else if (!stopped) stop(why)
  }
  await Promise.all(writing)
  signal?.removeEventListener('abort', interrupt)
  source.destroy()
  if (failure) throw failure.error
  report.ms = Date.now() - began
  return report
}

/** What to say of an error that the file, the operating system or the other end of a pipe caused. */
function whyUnreadable(error: unknown): string | undefined {
  if (error instanceof UnreadableFile) return error.message
  if (!(error instanceof Error)) return undefined
  const broken = 'syscall' in error || ('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  return broken ? `The input cannot be read: ${error.message}` : undefined
}
