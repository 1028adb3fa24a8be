import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { CacheAside, CacheAsideOptions, CacheResult, Loaded } from '../../lib/cacheAside/index.ts'
import type { Rule } from './check.ts'

/**
 * Ways to break a cache on purpose, each with the rule by which the checker must find it. `readsOnly`: the checker is sure
 * to find it only if nothing is written, because each removal may be the reason for a load.
 */
export const sabotages = {
  /** A write changes the database and removes nothing from Redis. */
  'writes remove nothing': { rule: 'stale after a confirmed removal' },
  /** A write does not remove the entry of the other cache. */
  'writes ignore their option also': { rule: 'stale after a confirmed removal' },
  /** An entry that was read a while ago is stored again, as by a fill that needs no lease. */
  'fills need no lease': { rule: 'stale after a confirmed removal' },
  /** A deferred removal is not delivered before its process reads again. */
  'deferred removals are never delivered': { rule: 'stale after a removal of its own process' },
  /** A load returns the value of the load before it. */
  'loads return the previous value': { rule: 'older than the database' },
  /** Each load runs a second time. */
  'each load runs twice': { rule: 'load without a reason', readsOnly: true },
  /** A caller that finds a lease deletes it, and loads as well. */
  'leases are ignored': { rule: 'load without a reason', readsOnly: true },
  /** A call does not receive its budget. */
  'budgets are ignored': { rule: 'late answer' },
  /** Redis is bypassed although it is available. */
  'reads bypass Redis': { rule: 'bypass without a cause' },
  /** A get fails although no load has failed. */
  'reads fail without a cause': { rule: 'failure without a cause' },
} as const satisfies Record<string, { rule: Rule; readsOnly?: true }>
export type Sabotage = keyof typeof sabotages

/** What a sabotage needs, besides the cache. */
interface Tools<V> {
  redis: Redis
  load: (id: string) => Promise<Loaded<V>>
}

/** Returns a cache that is broken in one way, or the cache itself. */
export function sabotage<V>(
  kind: Sabotage | undefined,
  cache: CacheAside<V>,
  { redis, load }: Tools<V>,
): CacheAside<V> {
  switch (kind) {
    case 'writes remove nothing':
      return { ...cache, write: async (_, commit) => ({ ...(await commit()), invalidation: 'done' }) }
    case 'writes ignore their option also':
      return { ...cache, write: (id, commit) => cache.write(id, commit) }
    case 'fills need no lease':
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
    case 'deferred removals are never delivered': {
      let writes = 0
      return {
        ...cache,
        write: async (id, commit, options) =>
          ++writes % 3 === 0
            ? { ...(await commit()), invalidation: 'deferred' }
            : cache.write(id, commit, options),
      }
    }
    case 'loads return the previous value': {
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
    case 'reads bypass Redis':
      return {
        ...cache,
        async get(id) {
          const { value, version } = (await load(id)) ?? { value: undefined, version: 0 }
          const status = { hit: false, fwd: 'bypass', detail: 'redis-away' } as const
          const body = JSON.stringify(value)
          return { value, body, bytes: Buffer.byteLength(body ?? ''), version, age: 0, status }
        },
      }
    case 'reads fail without a cause':
      return {
        ...cache,
        async get(id, options) {
          const result = await cache.get(id, options)
          if (!result.status.hit) throw new Error('Something went wrong')
          return result
        },
      }
    case 'each load runs twice':
    case undefined:
      return cache
  }
}

/** Returns what a sabotage makes of the load of a cache. */
export function sabotageLoad<V>(
  kind: Sabotage | undefined,
  load: CacheAsideOptions<V>['load'],
): CacheAsideOptions<V>['load'] {
  switch (kind) {
    case 'each load runs twice':
      return async (id, context) => {
        await load(id, context)
        return load(id, context)
      }
    // The load takes longer, so that other callers find the lease.
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
