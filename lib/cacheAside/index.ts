import { createContext } from './context.ts'
import { get } from './get.ts'
import { getMany } from './getMany.ts'
import { inspect } from './inspect.ts'
import { invalidate } from './invalidate.ts'
import type { CacheAsideOptions } from './options.ts'
import { scan } from './scan.ts'
import type { CacheAside } from './types.ts'
import { warm } from './warm.ts'
import { write } from './write.ts'

export { LoadFailed, Overloaded } from './errors.ts'
export type { CacheEvent } from './events.ts'
export type { CacheAsideOptions } from './options.ts'
export type {
  CacheAside,
  CacheResult,
  CacheStatus,
  EntryState,
  Inspected,
  Invalidation,
  Keyed,
  Loaded,
  Warmed,
} from './types.ts'

/**
 * Creates a cache beside a database (cache-aside). A read asks Redis first, and the database on a miss. A
 * write goes to the database first, and then removes the entries from Redis.
 *
 * A miss is loaded under a lease, as in Facebook's memcache (Nishtala et al., "Scaling Memcache at Facebook",
 * NSDI 2013): one caller loads the value, and Redis stores it only if no write came in between.
 *
 * @example
 * const products = createCacheAside({ redis, name: 'product', load: (id, { signal }) => readProduct(id, signal) })
 * const { body, status } = await products.get('1')
 * await products.write('1', () => updateProduct('1', changes))
 *
 * @throws {TypeError} if an option can never work; the message names the option. See {@link
 *   CacheAsideOptions}.
 */
export function createCacheAside<V>(options: CacheAsideOptions<V>): CacheAside<V> {
  const context = createContext(options)
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
