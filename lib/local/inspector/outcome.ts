/** What became of a request at the cache; `write` for one that changes, `none` for one that asks no cache. */
export type Outcome = 'hit' | 'miss' | 'stale' | 'collapsed' | 'fail-open' | 'write' | 'none'

/** What `Cache-Status` (RFC 9211) says of a request, by the names that people use. */
export interface Told {
  outcome: Outcome
  /** Seconds for which the entry stays fresh; below 0 where it is stale. */
  ttl?: number
  detail?: string
}

/** Reads the header as lib/http writes it. */
export function outcomeOf(cacheStatus: string | undefined): Told {
  const [, ...parameters] = (cacheStatus ?? '').split('; ')
  if (parameters.length === 0) return { outcome: 'none' }
  const said = new Map(parameters.map((each) => pair(each)))
  const ttl = said.get('ttl')
  const detail = said.get('detail')
  return {
    outcome: named(said),
    ...(ttl !== undefined && { ttl: Number(ttl) }),
    ...(detail !== undefined && { detail }),
  }
}

function pair(parameter: string): [string, string | undefined] {
  const [name = '', value] = parameter.split('=', 2)
  return [name, value]
}

function named(said: Map<string, string | undefined>): Outcome {
  if (said.has('hit')) return 'hit'
  if (said.get('fwd') === 'method') return 'write'
  if (said.get('fwd') === 'bypass') return 'fail-open'
  if (said.has('collapsed')) return 'collapsed'
  // Answered with what is stale, and not only loaded because of it.
  if (said.get('fwd') === 'stale' && Number(said.get('ttl')) < 0) return 'stale'
  return 'miss'
}

/** The durations that `Server-Timing` tells, ms. */
export function timingsOf(serverTiming: string | undefined): { cacheMs?: number; dbMs?: number } {
  const of = (name: string) => new RegExp(`(?:^|, )${name};dur=([\\d.]+)`).exec(serverTiming ?? '')?.[1]
  const [cache, db] = [of('cache'), of('db')]
  return {
    ...(cache !== undefined && { cacheMs: Number(cache) }),
    ...(db !== undefined && { dbMs: Number(db) }),
  }
}
