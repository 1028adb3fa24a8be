import type { Readable } from 'node:stream'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { ImportedProduct } from './importedProduct.ts'
import { createKeyedQueue } from './keyedQueue.ts'
import { parseCurrency } from './money.ts'
import { Position } from './position.ts'
import { readBytes } from './readBytes.ts'
import { readRows } from './readRows.ts'
import { maxReportedRejects, newReport, type Reject, type Report, toPrintable } from './report.ts'
import { type Row, UnreadableFile } from './row.ts'
import { getRowId, validateRow } from './validateRow.ts'

export interface ImportOptions {
  /** The file: a JSON array, NDJSON or a Shopify CSV, plain or gzipped. */
  source: Readable
  /** The table for the products. Without it the import is a dry run, which writes nothing. */
  target?: { db: DynamoDBDocumentClient; table: string }
  /** Removes a written product from the cache. Must not throw. */
  invalidate?: (id: string, version: number | undefined) => Promise<'done' | 'deferred'>
  /** The ISO 4217 code for prices that name no currency. @default 'USD' */
  currencyCode?: string
  /** How many rows are written at the same time. @default 16 */
  concurrency?: number
  /** Stop at the first row that is refused or not written. @default false */
  strict?: boolean
  /** How long one request to the database is retried, in ms. @default 30_000 */
  patienceMs?: number
  /** Called with each row that is refused or not written. The import waits for it. */
  onReject?: (reject: Reject) => void | Promise<void>
  /** Called with the report after each finished row. */
  onProgress?: (report: Report) => void
  /** Stops the reading. The import then ends once the rows that are being written are finished. */
  signal?: AbortSignal
}

/**
 * Imports a catalogue: reads it as a stream, row by row, and upserts each product. Reports each row that cannot be
 * imported and continues. Applies rows with the same id in their order. Prints nothing.
 *
 * @returns what happened to the rows. Reports faults of the file or of the database instead of throwing them
 * @throws {RangeError} if `currencyCode` is not the code of a currency
 */
export async function importCatalogue(options: ImportOptions): Promise<Report> {
  const { source, target, strict = false, concurrency = 16, patienceMs = 30_000, signal } = options
  const currency = parseCurrency(options.currencyCode ?? 'USD')
  const report = newReport()
  const startedAt = Date.now()
  const enqueue = createKeyedQueue()
  let stopped = false
  const stop = (error?: string) => {
    stopped = true
    if (error !== undefined) report.error ??= toPrintable(error)
    // A pipe may never deliver more data, so the pending read has to be ended.
    source.destroy()
  }

  const reject = async (kind: 'refused' | 'unwritten', row: Row, reason: string, id?: string) => {
    report[kind]++
    if (strict)
      stop(`Line ${row.line} could not be imported, and with --strict the import stops at the first such row`)
    const rejected = { line: row.line, ...(id !== undefined && { id }), reason: toPrintable(reason) }
    if (report.rejects.length < maxReportedRejects) report.rejects.push(rejected)
    try {
      await options.onReject?.({ ...rejected, ...(row.value !== undefined && { row: row.value }) })
    } catch (error) {
      stop(`A rejected row could not be saved: ${(error as Error).message}`)
    }
  }

  // Loaded only for a write: a dry run needs neither the AWS SDK nor the memory that the SDK occupies.
  const writer = target && (await import('./writer.ts')).createWriter(target, { patienceMs, signal })
  const write = async (writeProduct: NonNullable<typeof writer>, row: Row, product: ImportedProduct) => {
    const result = await writeProduct(product)
    if ('reason' in result) {
      if (result.stopReason !== undefined) stop(result.stopReason)
      await reject('unwritten', row, result.reason, product.id)
    } else {
      report[result.outcome]++
      report.reviewsAdded += result.reviewsAdded
      if (result.outcome === 'unchanged') return
    }
    // After an error, too: the write may have been committed and only its response lost.
    const version = 'version' in result ? result.version : undefined
    if ((await options.invalidate?.(product.id, version)) === 'deferred') report.deferred++
  }

  const position = new Position()
  const rows = readRows(readBytes(source, (count) => position.add(count)))
  const finish = (bytes: number) => {
    report.finished++
    report.bytes += bytes
    options.onProgress?.(report)
  }
  const writes = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  /** Starts to write a product. Returns a promise to wait for if `concurrency` is reached. */
  const startWrite = (row: Row, product: ImportedProduct, bytes: number): Promise<unknown> | undefined => {
    if (!writer) {
      report.valid++
      finish(bytes)
      return undefined
    }
    const written = enqueue(product.id, () => write(writer, row, product))
      .catch((error: unknown) => {
        failure ??= { error }
        stop()
      })
      .finally(() => {
        writes.delete(written)
        finish(bytes)
      })
    writes.add(written)
    return writes.size < concurrency ? undefined : Promise.race(writes)
  }
  // A single reader validates the rows in their order and never reads far ahead of the writes.
  const readAll = async () => {
    for await (const batch of rows) {
      const bytes = position.share(batch.length)
      for (const row of batch) {
        if (stopped) return
        report.rows++
        const result = validateRow(row, currency)
        if ('product' in result) {
          const capacity = startWrite(row, result.product, bytes)
          if (capacity) await capacity
          continue
        }
        if ('reason' in result) await reject('refused', row, result.reason, getRowId(row.value))
        else report.skipped++
        finish(bytes)
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
    const reason = describeReadError(error)
    if (reason === undefined) failure ??= { error }
    // stop() ends the reading, so an error of the source after it is expected.
    else if (!stopped) stop(reason)
  }
  await Promise.all(writes)
  signal?.removeEventListener('abort', interrupt)
  source.destroy()
  if (failure) throw failure.error
  // What follows the last row, and what rounding left.
  if (!stopped) report.bytes = position.read
  report.ms = Date.now() - startedAt
  return report
}

/**
 * Describes an error that the file, the operating system or the other end of a pipe caused. Undefined for any other.
 */
function describeReadError(error: unknown): string | undefined {
  if (error instanceof UnreadableFile) return error.message
  if (!(error instanceof Error)) return undefined
  const isReadError = 'syscall' in error || ('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  return isReadError ? `The input cannot be read: ${error.message}` : undefined
}
