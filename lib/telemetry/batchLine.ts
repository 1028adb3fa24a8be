import { type Counter, units as countedUnits, metricsNamespace } from './requestMetrics.ts'

/** What is told of a batch, each with its unit in CloudWatch. */
const units = {
  records: 'Count',
  /** Products whose entries were removed, but for those that were as new. */
  removals: 'Count',
  /** Pages that were removed since they show a card that has changed. */
  fanOutRemovals: 'Count',
  /** Products that were counted under another category than before. */
  productsCounted: 'Count',
  /** Removals, queries and counts that were not done, and come again. */
  deferred: 'Count',
  malformedRecords: 'Count',
  /** How long the oldest record has waited; by seconds, since records say no more. */
  oldestRecordMs: 'Milliseconds',
} as const

export type BatchMetrics = Record<keyof typeof units, number> & Partial<Record<Counter, number>>

/**
 * The one line of a batch, log and metrics at once, in CloudWatch's embedded metric format. What is zero is left out.
 *
 * @param about what is said beside the metrics
 */
export function batchLine(level: 'info' | 'warn' | 'error', metrics: BatchMetrics, about: object): string {
  const told = Object.entries(metrics).filter(([, value]) => value > 0)
  const Metrics = told.map(([Name]) => ({
    Name,
    Unit: { ...countedUnits, ...units }[Name as keyof typeof units],
  }))
  const line = {
    ...{ level, stream: 'onProductChange', ...Object.fromEntries(told), ...about },
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: metricsNamespace, Dimensions: [['stream']], Metrics }],
    },
  }
  return `${JSON.stringify(line)}\n`
}
