import type { Context } from 'aws-lambda'
import { type Level, metricLine } from '../telemetry/emf.ts'

/** The time that a job reserves for its log line, in ms. */
const logReserveMs = 2_000

/**
 * Returns when a job has to end, by performance.now(): shortly before Lambda's timeout, or 30 s from now without a
 * Lambda context.
 */
export const getDeadline = (context: Partial<Context> | undefined): number =>
  performance.now() + (context?.getRemainingTimeInMillis?.() ?? 30_000 + logReserveMs) - logReserveMs

/**
 * Writes what a job did as one line that is log and metrics at once. The line contains zeros, too: it is worth knowing
 * that a job found nothing.
 */
export function logJob(
  job: string,
  level: Level,
  metrics: Record<string, number>,
  details: object = {},
): void {
  // Lambda puts a prefix before what console.log writes.
  process.stdout.write(metricLine({ job }, level, metrics, details))
}

/** Returns the lists that are not empty, each with its first 20 members, because a log line has to be bounded. */
export const cutLists = (lists: Record<string, unknown[]>): Record<string, unknown[]> =>
  Object.fromEntries(
    Object.entries(lists).flatMap(([name, list]) => (list.length > 0 ? [[name, list.slice(0, 20)]] : [])),
  )
