import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { openCatalog } from '../lib/catalog/index.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { cardChangesIn } from '../lib/stream/cardChanges.ts'
import { categoryMoves, countMoves } from '../lib/stream/categoryMoves.ts'
import { keepDeadLetters } from '../lib/stream/deadLetters.ts'
import { fanOut } from '../lib/stream/fanOut.ts'
import { invalidateAll } from '../lib/stream/invalidate.ts'
import { Outcome } from '../lib/stream/outcome.ts'
import { changesIn, type Malformed, malformedRecord, oldestMs, sequenceOf } from '../lib/stream/records.ts'
import { removalsOf } from '../lib/stream/removals.ts'
import { batchLine } from '../lib/telemetry/batchLine.ts'
import { Tally, tallies } from '../lib/telemetry/requestMetrics.ts'

// Nobody waits for it, and its first batch comes while it is still connecting.
const catalog = openCatalog({ ...fromEnvironment(), cacheTimeoutMs: 1_000 })
const { db, table } = catalog

/** What the answer is given of the function's time, ms. */
const reserve = 1000

/**
 * Follows the table's stream, whoever changed it: removes what the cache holds of a product that changed and the pages
 * that show its card, and keeps the number of products in each category.
 *
 * The first record of which something is not done, since Redis or DynamoDB is away or the time is over, is named, and
 * Lambda delivers all from there on again, in order, until they are a day old. To do any of it twice does no harm.
 */
export const handler = (
  event: DynamoDBStreamEvent,
  context?: Partial<Context>,
): Promise<DynamoDBBatchResponse> => {
  const tally = new Tally()
  return tallies.run(tally, follow, event, context, tally)
}

async function follow(
  event: DynamoDBStreamEvent,
  context: Partial<Context> | undefined,
  { counters, amounts }: Tally,
): Promise<DynamoDBBatchResponse> {
  const left = context?.getRemainingTimeInMillis?.() ?? 10_000
  const signal = AbortSignal.timeout(Math.max(1, left - reserve))
  const outcome = new Outcome()
  const malformed: Malformed[] = []
  const changes = changesIn(event?.Records, (record, error) => malformed.push(malformedRecord(record, error)))
  const removals = removalsOf(changes, malformed)
  const records: unknown[] = [event?.Records].flat()
  const moves = categoryMoves(changes, ({ sequenceNumber }, error) => {
    const record = records.find((one) => sequenceOf(one) === sequenceNumber)
    malformed.push(malformedRecord(record, error))
  })
  const [removed, fannedOut, counted] = await Promise.all([
    invalidateAll(catalog, removals, outcome, signal),
    fanOut(catalog, cardChangesIn(changes), outcome, signal),
    countMoves(db, table, moves, outcome, signal),
    keepDeadLetters(db, table, malformed, outcome, signal),
  ])
  const first = outcome.firstFailed(records.map(sequenceOf))
  const metrics = {
    records: records.length,
    removals: removed,
    fanOutRemovals: fannedOut,
    productsCounted: counted,
    deferred: outcome.open,
    malformedRecords: malformed.length,
    oldestRecordMs: oldestMs(records),
    ...Object.fromEntries(counters.map((counter, at) => [counter, amounts[at]])),
  }
  // Not by console.log, which Lambda writes something before.
  process.stdout.write(
    batchLine(malformed.length > 0 ? 'error' : outcome.open > 0 ? 'warn' : 'info', metrics, {
      ...(malformed.length > 0 && { malformed: malformed.slice(0, 5).map(({ error }) => String(error)) }),
      ...(outcome.open > 0 && { failedFrom: first, reasons: [...outcome.reasons] }),
    }),
  )
  return { batchItemFailures: first === undefined ? [] : [{ itemIdentifier: first }] }
}
