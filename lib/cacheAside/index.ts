import type { CacheAside, CacheAsideOptions, CacheEvent } from './contract.ts'
import { get } from './get.ts'
import type { Fresh } from './load.ts'
import { Removals } from './removals.ts'
import { defineScripts } from './scripts.ts'
import { invalidate, write } from './write.ts'

export {
  type CacheAside,
  type CacheAsideOptions,
  type CacheEvent,
  type CacheResult,
  type CacheStatus,
  type Committed,
  type Invalidation,
  type Loaded,
  LoadFailed,
} from './contract.ts'

const defaults = {
  prefix: 'aisle',
  schema: '1',
  ttl: 60_000,
  jitter: 0.1,
  negativeTtl: 5_000,
  leaseMs: 3_000,
  waitMs: 3_000,
  cacheTimeoutMs: 100,
  loadTimeoutMs: 2_500,
}

/** What the parts of a cache share. */
export interface Context<V> {
  redis: CacheAsideOptions<V>['redis']
  options: Required<Omit<CacheAsideOptions<V>, 'redis' | 'onEvent'>>
  /** The loads that this process is doing, by the token of their lease. */
  flights: Map<string, Promise<Fresh<V>>>
  removals: Removals
  key(id: string): string
  emit(event: WithoutName<CacheEvent>): void
}

type WithoutName<T> = T extends unknown ? Omit<T, 'name'> : never

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
 * @throws {TypeError} for a name or prefix that holds `{` or `}`, and for a duration that is not a number above 0
 */
export function createCacheAside<V>({ redis, onEvent, ...given }: CacheAsideOptions<V>): CacheAside<V> {
  const options = { ...defaults, ...given }
  check(options)
  defineScripts(redis)
  const { name, prefix } = options
  const context: Context<V> = {
    redis,
    options,
    flights: new Map(),
    removals: Removals.of(redis),
    key(id) {
      if (id === '') throw new TypeError('An id must not be empty')
      return `${prefix}:{${id}}:${name}`
    },
    emit: onEvent ? (event) => onEvent({ name, ...event } as CacheEvent) : () => {},
  }
  return {
    get: (id, { budgetMs = Number.POSITIVE_INFINITY } = {}) => get(context, id, budgetMs),
    write: (id, commit, { also = [] } = {}) => write(context, id, commit, also),
    invalidate: (id, { version, also = [] } = {}) => invalidate(context, id, version, also),
    key: context.key,
  }
}

function check<V>(options: Context<V>['options']): void {
  for (const label of ['name', 'prefix'] as const) {
    // Braces mark what decides the slot in a cluster; an id must be the only thing in them.
    if (!/^[^{}]+$/.test(options[label])) throw new TypeError(`${label} must not be empty or hold { or }`)
  }
  for (const duration of [
    'ttl',
    'negativeTtl',
    'leaseMs',
    'waitMs',
    'cacheTimeoutMs',
    'loadTimeoutMs',
  ] as const) {
    if (!(options[duration] > 0)) throw new TypeError(`${duration} must be a number of milliseconds above 0`)
  }
  if (!(options.jitter >= 0 && options.jitter < 1)) throw new TypeError('jitter must be from 0 to below 1')
}
