import {
  type CacheAside,
  type CacheAsideOptions,
  type CacheEvent,
  type CacheResult,
  createCacheAside,
} from '../cacheAside/index.ts'
import { describeError } from './describeError.ts'
import { type Counter, metricsOfRequest, type RequestMetrics } from './requestMetrics.ts'

/**
 * Creates a cache that records its work in the metrics of each request: what it does, how long that takes, and what
 * its hits save.
 *
 * @throws what createCacheAside throws
 */
export function observedCache<V>(options: CacheAsideOptions<V>): CacheAside<V> {
  const cache = createCacheAside({ ...options, onEvent: recordEvent })
  return {
    ...cache,
    get: (id, options) => measure(() => cache.get(id, options), countSaved),
    getMany: (ids, options) =>
      measure(
        () => cache.getMany(ids, options),
        (results, metrics) => {
          for (const result of results) countSaved(result, metrics)
        },
      ),
    write: (id, commit, options) => measure(() => cache.write(id, commit, options)),
    invalidate: (id, options) => measure(() => cache.invalidate(id, options)),
  }
}

function measure<T>(
  call: () => Promise<T>,
  count?: (result: T, metrics: RequestMetrics) => void,
): Promise<T> {
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
 * Counts what a hit saves: the read units of a strongly consistent read of as many bytes. A read that finds no item
 * also costs one unit. This is an estimate: an item differs in length from its JSON, and a document that is composed
 * of several items costs more to read.
 */
function countSaved({ status, bytes }: CacheResult<unknown>, metrics: RequestMetrics): void {
  if (status.hit) metrics.add('readUnitsSaved', Math.max(1, Math.ceil(bytes / 4096)))
}

/** Records an event of a cache in the metrics of the request that caused it. */
function recordEvent(event: CacheEvent): void {
  const metrics = metricsOfRequest.getStore()
  if (!metrics) return
  const counter = counters[event.type]
  if (counter) metrics.add(counter)
  if (event.type === 'hit') return
  if (event.type === 'collapsed') metrics.add('leaseWaitMs', Math.round(event.waited * 100) / 100)
  if (event.type === 'bypass') metrics.add(failOpens[event.detail] ?? 'failOpensRedisError')
  if (event.type === 'removal' && event.outcome === 'deferred') metrics.add('deferredInvalidations')
  if (event.type === 'breaker') metrics.breaker = event.state
  if ('error' in event && event.error) metrics.warn(describeError(event.error))
}

/** The counter of each event that counts as one. */
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

/** The counter of each reason for which a read bypassed Redis. */
const failOpens: Record<string, Counter> = {
  'redis-timeout': 'failOpensRedisTimeout',
  'redis-error': 'failOpensRedisError',
  'redis-away': 'failOpensRedisAway',
  'wait-timeout': 'failOpensWaitTimeout',
}
