import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import type { Upkeep } from '../catalog/upkeep.ts'
import { type Level, metricLine } from '../telemetry/emf.ts'
import { metricsOfRequest, RequestMetrics } from '../telemetry/requestMetrics.ts'
import { cardChangesIn } from './cardChanges.ts'
import { categoryMoves, countMoves } from './categoryMoves.ts'
import { keepDeadLetters } from './deadLetters.ts'
import { fanOut } from './fanOut.ts'
import { invalidateAll } from './invalidate.ts'
import { changesIn, type Malformed, malformedRecord, oldestMs, sequenceOf } from './records.ts'
import { removalsOf } from './removals.ts'
import { Tasks } from './tasks.ts'

/** What the answer is given of the function's time, ms. */
const reserve = 1000

/**
 * Follows the table's stream, whoever changed it: removes what the caches hold of a product that changed and the pages
 * that show its card, and keeps the number of products in each category.
 *
 * The first record of which something is not done, since Redis or DynamoDB is away or the time is over, is named, and
 * Lambda delivers all from there on again, in order, until they are a day old. To do any of it twice does no harm.
 */
export function follow(
  catalog: Upkeep,
  event: DynamoDBStreamEvent,
  context: Partial<Context> | undefined,
): Promise<DynamoDBBatchResponse> {
  const left = context?.getRemainingTimeInMillis?.() ?? 10_000
  const signal = AbortSignal.timeout(Math.max(1, left - reserve))
  const metrics = new RequestMetrics()
  return metricsOfRequest.run(metrics, followBatch, catalog, event?.Records, signal, metrics)
}

async function followBatch(
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
    keepDeadLetters(catalog, malformed, tasks, signal),
  ])
  const first = tasks.firstFailed(all.map(sequenceOf))
  const told = {
    records: all.length,
    /** Products whose entries were removed, but for those that were as new. */
    removals: removed,
    /** Pages that were removed since they show a card that has changed. */
    fanOutRemovals: fannedOut,
    /** Products that were counted under another category than before. */
    productsCounted: counted,
    /** Removals, queries and counts that were not done, and come again. */
    deferred: tasks.open,
    malformedRecords: malformed.length,
    /** How long the oldest record has waited; by seconds, since records say no more. */
    oldestRecordMs: oldestMs(all),
    ...Object.fromEntries(metrics.counters.map((counter, at) => [counter, metrics.amounts[at] ?? 0])),
  }
  const level: Level = malformed.length > 0 ? 'error' : tasks.open > 0 ? 'warn' : 'info'
  const counts = Object.fromEntries(Object.entries(told).filter(([, value]) => value > 0))
  // Not by console.log, which Lambda writes something before.
  process.stdout.write(
    metricLine({ stream: 'onProductChange' }, level, counts, {
      ...(malformed.length > 0 && { malformed: malformed.slice(0, 5).map(({ error }) => String(error)) }),
      ...(tasks.open > 0 && { failedFrom: first, reasons: [...tasks.reasons] }),
    }),
  )
  return { batchItemFailures: first === undefined ? [] : [{ itemIdentifier: first }] }
}
