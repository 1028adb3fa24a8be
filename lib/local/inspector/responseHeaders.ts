/** What the cache did for a request. `write` is a request that changes data, `none` one that does not use the cache. */
export type Outcome = 'hit' | 'miss' | 'stale' | 'collapsed' | 'fail-open' | 'write' | 'none'

export interface CacheOutcome {
  outcome: Outcome
  /** Seconds until the entry is no longer fresh. Negative if it is stale. */
  ttl?: number
  detail?: string
}

/** Parses `Cache-Status` (RFC 9211) as lib/http writes it. */
export function parseCacheStatus(cacheStatus: string | undefined): CacheOutcome {
  const [, ...parts] = (cacheStatus ?? '').split('; ')
  if (parts.length === 0) return { outcome: 'none' }
  const parameters = new Map(parts.map((part) => splitParameter(part)))
  const ttl = parameters.get('ttl')
  const detail = parameters.get('detail')
  return {
    outcome: toOutcome(parameters),
    ...(ttl !== undefined && { ttl: Number(ttl) }),
    ...(detail !== undefined && { detail }),
  }
}

function splitParameter(parameter: string): [string, string | undefined] {
  const [name = '', value] = parameter.split('=', 2)
  return [name, value]
}

function toOutcome(parameters: Map<string, string | undefined>): Outcome {
  if (parameters.has('hit')) return 'hit'
  if (parameters.get('fwd') === 'method') return 'write'
  if (parameters.get('fwd') === 'bypass') return 'fail-open'
  if (parameters.has('collapsed')) return 'collapsed'
  // Only a negative ttl means a stale answer. `fwd=stale` alone can also mean a load because of a stale entry.
  if (parameters.get('fwd') === 'stale' && Number(parameters.get('ttl')) < 0) return 'stale'
  return 'miss'
}

/** Parses the durations in `Server-Timing`, in ms. */
export function parseServerTiming(serverTiming: string | undefined): { cacheMs?: number; dbMs?: number } {
  const duration = (name: string) => new RegExp(`(?:^|, )${name};dur=([\\d.]+)`).exec(serverTiming ?? '')?.[1]
  const [cache, db] = [duration('cache'), duration('db')]
  return {
    ...(cache !== undefined && { cacheMs: Number(cache) }),
    ...(db !== undefined && { dbMs: Number(db) }),
  }
}
