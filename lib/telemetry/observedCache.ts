import {
  type CacheAside,
  type CacheAsideOptions,
  type CacheEvent,
  type CacheResult,
  createCacheAside,
} from '../cacheAside/index.ts'
import { type Counter, metricsOfRequest, type RequestMetrics } from './requestMetrics.ts'

/**
 * A cache that puts on the metrics of each request what it does for it, how long that takes and what its hits have saved.
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
        (results, metrics) => {
          for (const result of results) countSaved(result, metrics)
        },
      ),
    write: (id, commit, options) => timed(() => cache.write(id, commit, options)),
    invalidate: (id, options) => timed(() => cache.invalidate(id, options)),
  }
}

function timed<T>(call: () => Promise<T>, count?: (result: T, metrics: RequestMetrics) => void): Promise<T> {
  const metrics = metricsOfRequest.getStore()
  if (!metrics) return call()
  metrics.enterCache()
  return call().then(
    (result) => {
      metrics.leaveCache()
      count?.(result, metrics)
      return result
    },
    (error: unknown) => {
      metrics.leaveCache()
      throw error
    },
  )
}

/**
 * A hit saves what it takes to read as many bytes consistently; to learn that nothing is there costs one unit as well.
 * An estimate: an item is not as long as its JSON, and what is composed of several items costs more to read.
 */
function countSaved({ status, bytes }: CacheResult<unknown>, metrics: RequestMetrics): void {
  if (status.hit) metrics.add('readUnitsSaved', Math.max(1, Math.ceil(bytes / 4096)))
}

/** Puts what a cache decides on the metrics of the request for which it does. */
function onEvent(event: CacheEvent): void {
  const metrics = metricsOfRequest.getStore()
  if (!metrics) return
  const counter = counters[event.type]
  if (counter) metrics.add(counter)
  if (event.type === 'hit') return
  if (event.type === 'collapsed') metrics.add('leaseWaitMs', Math.round(event.waited * 100) / 100)
  if (event.type === 'bypass') metrics.add(failOpens[event.detail] ?? 'failOpensRedisError')
  if (event.type === 'removal' && event.outcome === 'deferred') metrics.add('deferredInvalidations')
  if (event.type === 'breaker') metrics.breaker = event.state
  if ('error' in event && event.error) metrics.warn(String(event.error))
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
