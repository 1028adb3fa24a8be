import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import type { Upkeep } from '../catalog/upkeep.ts'
import { type Level, metricLine } from '../telemetry/emf.ts'
import { metricsOfRequest, RequestMetrics } from '../telemetry/requestMetrics.ts'
import { cardChangesIn } from './cardChanges.ts'
import { categoryMoves, countMoves } from './categoryMoves.ts'
import { fanOut } from './fanOut.ts'
import { invalidateAll } from './invalidate.ts'
import { changesIn, type Malformed, malformedRecord, oldestMs, sequenceOf } from './records.ts'
import { removalsOf } from './removals.ts'
import { storeDeadLetters } from './storeDeadLetters.ts'
import { Tasks } from './tasks.ts'
import { unreadableIn } from './unreadable.ts'

/** How much of the function's time is reserved for returning the result, in ms. */
const reserveMs = 1000

/**
 * Follows the table's stream, whatever process changed the table. For each batch of records it removes the entries of
 * the products that changed and the product pages that show their cards, and updates the number of products in each
 * category.
 *
 * If Redis or DynamoDB is away, or the time has run out, the result names the first record that is not completely
 * processed. Lambda then delivers that record and all later ones again, in order, until they are a day old. Processing
 * a record twice does no harm.
 */
export function follow(
  catalog: Upkeep,
  event: DynamoDBStreamEvent,
  context: Partial<Context> | undefined,
): Promise<DynamoDBBatchResponse> {
  const remaining = context?.getRemainingTimeInMillis?.() ?? 10_000
  const signal = AbortSignal.timeout(Math.max(1, remaining - reserveMs))
  const metrics = new RequestMetrics()
  return metricsOfRequest.run(metrics, processBatch, catalog, event?.Records, signal, metrics)
}

async function processBatch(
  catalog: Upkeep,
  records: DynamoDBStreamEvent['Records'],
  signal: AbortSignal,
  metrics: RequestMetrics,
): Promise<DynamoDBBatchResponse> {
  const tasks = new Tasks()
  const malformed: Malformed[] = []
  const changes = changesIn(records, (record, error) => malformed.push(malformedRecord(record, error)))
  const removals = removalsOf(changes, malformed)
  const all: unknown[] = [records].flat()
  const moves = categoryMoves(changes, ({ sequenceNumber }, error) => {
    const record = all.find((one) => sequenceOf(one) === sequenceNumber)
    malformed.push(malformedRecord(record, error))
  })
  const [removed, fannedOut, counted] = await Promise.all([
    invalidateAll(catalog, removals, tasks, signal),
    fanOut(catalog, cardChangesIn(changes), tasks, signal),
    countMoves(catalog, moves, tasks, signal),
    storeDeadLetters(catalog, malformed, tasks, signal),
  ])
  const unreadable = unreadableIn(changes)
  const first = tasks.firstUnfinished(all.map(sequenceOf))
  const amounts: Record<string, number> = Object.fromEntries(
    metrics.counters.map((counter, at) => [counter, metrics.amounts[at] ?? 0]),
  )
  const values = {
    records: all.length,
    /** Products whose entries were removed. Entries that are at least as new as the change stay. */
    removals: removed,
    /** Product pages that were removed because they show a changed card. */
    fanOutRemovals: fannedOut,
    /** How many products' counts changed. */
    productsCounted: counted,
    /** Unfinished tasks: removals, queries and counts. Their records are delivered again. */
    deferred: tasks.unfinished,
    malformedRecords: malformed.length,
    /** How long the oldest record has waited, in ms. Records carry their time only to the second. */
    oldestRecordMs: oldestMs(all),
    ...amounts,
    /** Products that another program stored so that they cannot be read, and counters that are not a number. */
    unreadableItems: unreadable.length + (amounts.unreadableItems ?? 0),
  }
  const level: Level =
    malformed.length + values.unreadableItems > 0 ? 'error' : tasks.unfinished > 0 ? 'warn' : 'info'
  const nonZero = Object.fromEntries(Object.entries(values).filter(([, value]) => value > 0))
  // Not by console.log: Lambda puts a prefix before what console.log writes.
  process.stdout.write(
    metricLine({ stream: 'onProductChange' }, level, nonZero, {
      ...(malformed.length > 0 && { malformed: malformed.slice(0, 5).map(({ error }) => String(error)) }),
      // The only line that names them: an operator needs the ids, and these do not come from a query.
      ...(unreadable.length > 0 && { unreadable: unreadable.slice(0, 20) }),
      ...(tasks.unfinished > 0 && { failedFrom: first, reasons: [...tasks.reasons] }),
    }),
  )
  return { batchItemFailures: first === undefined ? [] : [{ itemIdentifier: first }] }
}
