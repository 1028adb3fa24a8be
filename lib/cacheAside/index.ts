import { contextOf } from './context.ts'
import { get, getMany } from './hit.ts'
import { inspect, scan, warm } from './operate.ts'
import { invalidate, write } from './remove.ts'
import type { CacheAside, CacheAsideOptions } from './types.ts'

export { LoadFailed, Overloaded } from './errors.ts'
export type {
  CacheAside,
  CacheAsideOptions,
  CacheEvent,
  CacheResult,
  CacheStatus,
  Committed,
  EntryState,
  Inspected,
  Invalidation,
  Keyed,
  Loaded,
  Warmed,
} from './types.ts'

/**
 * A cache beside a database (cache-aside): reads ask Redis first and the database on a miss; writes go to the database
 * first and then remove what Redis holds. A miss is loaded under a lease, as in Facebook's memcache (Nishtala et al.,
 * "Scaling Memcache at Facebook", NSDI 2013): one caller loads, and its value is stored only if no write came between.
 *
 * @example
 * const products = createCacheAside({ redis, name: 'product', load: (id, { signal }) => readProduct(id, signal) })
 * const { body, status } = await products.get('1')
 * await products.write('1', () => updateProduct('1', changes))
 *
 * @throws {TypeError} for an option that would never work, by its name: see {@link CacheAsideOptions}
 */
export function createCacheAside<V>(options: CacheAsideOptions<V>): CacheAside<V> {
  const context = contextOf(options)
  return {
    get: (id, { budgetMs = Number.POSITIVE_INFINITY } = {}) => get(context, id, budgetMs),
    getMany: (ids, { budgetMs = Number.POSITIVE_INFINITY } = {}) => getMany(context, ids, budgetMs),
    warm: (ids) => warm(context, ids),
    write: (id, commit, options) => write(context, id, commit, options),
    invalidate: (id, { version, also = [] } = {}) => invalidate(context, id, version, also),
    inspect: (id) => inspect(context, id),
    scan: (options) => scan(context, options),
    key: context.key,
  }
}
