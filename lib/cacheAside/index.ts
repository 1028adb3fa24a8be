import type { CacheAside, CacheAsideOptions, CacheEvent, EntryEvent } from './contract.ts'
import { get } from './get.ts'
import { getMany } from './getMany.ts'
import { inspect } from './inspect.ts'
import type { Fresh } from './load.ts'
import { Reads } from './reads.ts'
import { scan } from './scan.ts'
import { type Shared, sharedBy } from './shared.ts'
import { Slots } from './slots.ts'
import { warm } from './warm.ts'
import { invalidate, write } from './write.ts'

export {
  type CacheAside,
  type CacheAsideOptions,
  type CacheEvent,
  type CacheResult,
  type CacheStatus,
  type Committed,
  type EntryState,
  type Inspected,
  type Invalidation,
  type Loaded,
  LoadFailed,
  Overloaded,
  type Warmed,
} from './contract.ts'

const defaults = {
  prefix: 'aisle',
  schema: '1',
  ttl: 60_000,
  jitter: 0.1,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  negativeTtl: 5_000,
  leaseMs: 3_000,
  waitMs: 3_000,
  cacheTimeoutMs: 100,
  loadTimeoutMs: 2_500,
  fallbackMs: 1_000,
  maxConcurrentLoads: 32,
}

/** What the parts of a cache share. */
export interface Context<V> extends Shared {
  redis: CacheAsideOptions<V>['redis']
  options: typeof defaults & Pick<CacheAsideOptions<V>, 'name' | 'load' | 'loadMany'>
  reads: Reads
  slots: Slots
  /** The loads that this process does under a lease, by its token. */
  flights: Map<string, Promise<Fresh<V>>>
  key(id: string): string
  /** Undefined where nobody listens, so that no event is made for nobody. */
  emit: ((event: WithoutName<EntryEvent>) => void) | undefined
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
  const shared = sharedBy(redis)
  const { name, prefix } = options
  const context: Context<V> = {
    ...shared,
    redis,
    options,
    reads: new Reads(redis, options.cacheTimeoutMs),
    slots: new Slots(options.maxConcurrentLoads),
    flights: new Map(),
    key(id) {
      if (id === '') throw new TypeError('An id must not be empty')
      return `${prefix}:{${id}}:${name}`
    },
    emit: onEvent && ((event) => onEvent({ name, ...event } as CacheEvent)),
  }
  shared.breaker.onChange((state, error) =>
    onEvent?.({ name, type: 'breaker', state, ...(error !== undefined && { error }) }),
  )
  return {
    get: (id, options) => get(context, id, options?.budgetMs ?? Number.POSITIVE_INFINITY),
    getMany: (ids, { budgetMs = Number.POSITIVE_INFINITY } = {}) => getMany(context, ids, budgetMs),
    warm: (ids) => warm(context, ids),
    write: (id, commit, { also = [] } = {}) => write(context, id, commit, also),
    invalidate: (id, { version, also = [] } = {}) => invalidate(context, id, version, also),
    inspect: (id) => inspect(context, id),
    scan: (options) => scan(context, options),
    key: context.key,
  }
}

function check({
  name,
  prefix,
  jitter,
  maxConcurrentLoads,
  ...options
}: Pick<CacheAsideOptions<never>, 'name'> & typeof defaults): void {
  for (const [label, text] of Object.entries({ name, prefix })) {
    // Braces mark what decides the slot in a cluster; an id must be the only thing in them.
    if (!/^[^{}]+$/.test(text)) throw new TypeError(`${label} must not be empty or hold { or }`)
  }
  for (const label of [
    'ttl',
    'negativeTtl',
    'leaseMs',
    'waitMs',
    'cacheTimeoutMs',
    'loadTimeoutMs',
  ] as const) {
    if (!(options[label] > 0)) throw new TypeError(`${label} must be a number of milliseconds above 0`)
  }
  for (const label of ['staleWhileRevalidate', 'staleIfError', 'fallbackMs'] as const) {
    if (!(options[label] >= 0)) throw new TypeError(`${label} must be a number of milliseconds, or 0`)
  }
  if (!(jitter >= 0 && jitter < 1)) throw new TypeError('jitter must be from 0 to below 1')
  if (!(maxConcurrentLoads >= 1)) throw new TypeError('maxConcurrentLoads must be at least 1')
}
