import { tenths } from '../telemetry/hundredths.ts'
import type { Waited } from '../telemetry/requestMetrics.ts'

/** For how long a request has waited, ms (W3C Server Timing); undefined where it did not. */
export function serverTiming({ cache, db }: Waited): string | undefined {
  const cacheTiming = cache === undefined ? undefined : `cache;dur=${tenths(cache)}`
  if (db === undefined) return cacheTiming
  const dbTiming = `db;dur=${tenths(db)}`
  return cacheTiming === undefined ? dbTiming : `${cacheTiming}, ${dbTiming}`
}
