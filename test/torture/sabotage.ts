import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { CacheAside, CacheAsideOptions, CacheResult, Loaded } from '../../lib/cacheAside/index.ts'
import type { Violation } from './check.ts'

/**
 * Ways to break a cache, each of which the checker must find: by which rule. `readsOnly`: it is found for certain only
 * where nothing is written, since each removal may be the reason of a load.
 */
export const sabotages = {
  /** A write changes the database and leaves what Redis holds. */
  'no removal': { rule: 'G1' },
  /** It leaves what the other cache holds. */
  'also is forgotten': { rule: 'G1' },
  /** What was read a while ago is stored again, as by a fill that asks for no lease. */
  'unguarded fill': { rule: 'G1' },
  /** A removal that was deferred is not delivered before its process reads again. */
  'owed removals are not delivered': { rule: 'G2' },
  /** An answer of the database is the one before the last. */
  'old loads': { rule: 'database' },
  /** A load begins a second time. */
  'two loads': { rule: 'G3', readsOnly: true },
  /** Who finds a lease takes it away, and loads as well. */
  'leases are ignored': { rule: 'G3', readsOnly: true },
  /** A call knows nothing of its budget. */
  'budgets are ignored': { rule: 'G7' },
  /** Redis is left out though it is there. */
  'past Redis': { rule: 'away' },
  /** A get fails though no load has. */
  'failures without a cause': { rule: 'G4' },
} as const satisfies Record<string, { rule: Violation['rule']; readsOnly?: true }>
export type Sabotage = keyof typeof sabotages

/** What a sabotage works with, beside the cache. */
interface Tools<V> {
  redis: Redis
  load: (id: string) => Promise<Loaded<V>>
}

export function sabotage<V>(
  kind: Sabotage | undefined,
  cache: CacheAside<V>,
  { redis, load }: Tools<V>,
): CacheAside<V> {
  switch (kind) {
    case 'no removal':
      return { ...cache, write: async (_, commit) => ({ ...(await commit()), invalidation: 'done' }) }
    case 'also is forgotten':
      return { ...cache, write: (id, commit) => cache.write(id, commit) }
    case 'unguarded fill':
      return {
        ...cache,
        async get(id, options) {
          const held = await redis.get(cache.key(id)).catch(() => null)
          const result = await cache.get(id, options)
          await sleep(20)
          if (held?.startsWith('E')) await redis.set(cache.key(id), held, 'PX', 1000).catch(() => {})
          return result
        },
      }
    case 'owed removals are not delivered': {
      let writes = 0
      return {
        ...cache,
        write: async (id, commit, options) =>
          ++writes % 3 === 0
            ? { ...(await commit()), invalidation: 'deferred' }
            : cache.write(id, commit, options),
      }
    }
    case 'old loads': {
      const last = new Map<string, CacheResult<V>>()
      return {
        ...cache,
        async get(id, options) {
          const result = await cache.get(id, options)
          const before = last.get(id)
          if (result.status.hit) return result
          last.set(id, result)
          return before ?? result
        },
      }
    }
    case 'leases are ignored':
      return {
        ...cache,
        async get(id, options) {
          const held = await redis.get(cache.key(id)).catch(() => null)
          if (held?.startsWith('L')) await redis.del(cache.key(id)).catch(() => {})
          return cache.get(id, options)
        },
      }
    case 'budgets are ignored':
      return { ...cache, get: (id) => cache.get(id), getMany: (ids) => cache.getMany(ids) }
    case 'past Redis':
      return {
        ...cache,
        async get(id) {
          const { value, version } = (await load(id)) ?? { value: undefined, version: 0 }
          const status = { hit: false, fwd: 'bypass', detail: 'redis-away' } as const
          const body = JSON.stringify(value)
          return { value, body, bytes: Buffer.byteLength(body ?? ''), version, age: 0, status }
        },
      }
    case 'failures without a cause':
      return {
        ...cache,
        async get(id, options) {
          const result = await cache.get(id, options)
          if (!result.status.hit) throw new Error('Something went wrong')
          return result
        },
      }
    case 'two loads':
    case undefined:
      return cache
  }
}

/** What a sabotage does to the load of a cache. */
export function sabotagedLoad<V>(
  kind: Sabotage | undefined,
  load: CacheAsideOptions<V>['load'],
): CacheAsideOptions<V>['load'] {
  switch (kind) {
    case 'two loads':
      return async (id, context) => {
        await load(id, context)
        return load(id, context)
      }
    // So that others come to find the lease.
    case 'leases are ignored':
      return async (id, context) => {
        const found = await load(id, context)
        await sleep(150)
        return found
      }
    default:
      return load
  }
}
