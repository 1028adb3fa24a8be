import type { Waited } from '../tally.ts'

/** For how long a request has waited, ms (W3C Server Timing); undefined where it did not. */
export function serverTiming({ cache, db }: Waited): string | undefined {
  const cacheTiming = cache === undefined ? undefined : `cache;dur=${cache.toFixed(1)}`
  if (db === undefined) return cacheTiming
  const dbTiming = `db;dur=${db.toFixed(1)}`
  return cacheTiming === undefined ? dbTiming : `${cacheTiming}, ${dbTiming}`
}
