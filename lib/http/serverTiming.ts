import type { WaitTimes } from '../telemetry/requestMetrics.ts'
import { toFixed1 } from '../telemetry/toFixed.ts'

/** Returns the `Server-Timing` of a request (W3C Server Timing), in ms; undefined if it waited for nothing. */
export function serverTiming({ cache, db }: WaitTimes): string | undefined {
  const cacheTiming = cache === undefined ? undefined : `cache;dur=${toFixed1(cache)}`
  if (db === undefined) return cacheTiming
  const dbTiming = `db;dur=${toFixed1(db)}`
  return cacheTiming === undefined ? dbTiming : `${cacheTiming}, ${dbTiming}`
}
