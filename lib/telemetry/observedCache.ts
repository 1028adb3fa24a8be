import {
  type CacheAside,
  type CacheAsideOptions,
  type CacheEvent,
  type CacheResult,
  createCacheAside,
} from '../cacheAside/index.ts'
import { Attempts, attempts } from '../clients/dynamodb/attempts.ts'
import { type Counter, type Tally, tallies } from './requestMetrics.ts'

/**
 * A cache that puts on the tally of each request what it does for it, how long that takes and what its hits have saved.
 * A write that DynamoDB has refused for certain removes nothing from it.
 *
 * @throws what createCacheAside throws
 */
export function observedCache<V>(options: CacheAsideOptions<V>): CacheAside<V> {
  const cache = createCacheAside({ ...options, onEvent })
  return {
    ...cache,
    get: (id, options) => timed(() => cache.get(id, options), countSaved),
    getMany: (ids, options) =>
      timed(
        () => cache.getMany(ids, options),
        (results, tally) => {
          for (const result of results) countSaved(result, tally)
        },
      ),
    write(id, commit, options) {
      const record = new Attempts()
      const recorded = () => attempts.run(record, commit)
      const mayHaveCommitted = () => record.mayHaveCommitted
      return timed(() => cache.write(id, recorded, { ...options, mayHaveCommitted }))
    },
    invalidate: (id, options) => timed(() => cache.invalidate(id, options)),
  }
}

function timed<T>(call: () => Promise<T>, count?: (result: T, tally: Tally) => void): Promise<T> {
  const tally = tallies.getStore()
  if (!tally) return call()
  tally.enterCache()
  return call().then(
    (result) => {
      tally.leaveCache()
      count?.(result, tally)
      return result
    },
    (error: unknown) => {
      tally.leaveCache()
      throw error
    },
  )
}

/**
 * A hit saves what it takes to read as many bytes consistently; to learn that nothing is there costs one unit as well.
 * An estimate: an item is not as long as its JSON, and what is composed of several items costs more to read.
 */
function countSaved({ status, bytes }: CacheResult<unknown>, tally: Tally): void {
  if (status.hit) tally.add('readUnitsSaved', Math.max(1, Math.ceil(bytes / 4096)))
}

/** Puts what a cache decides on the tally of the request for which it does. */
function onEvent(event: CacheEvent): void {
  const tally = tallies.getStore()
  if (!tally) return
  const counter = counters[event.type]
  if (counter) tally.add(counter)
  if (event.type === 'hit') return
  if (event.type === 'collapsed') tally.add('leaseWaitMs', Math.round(event.waited * 100) / 100)
  if (event.type === 'bypass') tally.add(failOpens[event.detail] ?? 'failOpensRedisError')
  if (event.type === 'removal' && event.outcome === 'deferred') tally.add('deferredInvalidations')
  if (event.type === 'breaker') tally.breaker = event.state
  if ('error' in event && event.error) tally.warn(String(event.error))
}

/** What is counted one by one. */
const counters: Partial<Record<CacheEvent['type'], Counter>> = {
  hit: 'hits',
  miss: 'misses',
  stale: 'staleServed',
  collapsed: 'collapsed',
  fallback: 'fallbacks',
  overloaded: 'overloaded',
  'load-failed': 'loadFailures',
  'removal-forgotten': 'forgottenRemovals',
}

/** Reads that went past Redis, by their reason. */
const failOpens: Record<string, Counter> = {
  'redis-timeout': 'failOpensRedisTimeout',
  'redis-error': 'failOpensRedisError',
  'redis-away': 'failOpensRedisAway',
  'wait-timeout': 'failOpensWaitTimeout',
}
