import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { CacheAside, CacheResult } from '../../lib/cacheAside/index.ts'

/**
 * Ways to break a cache, each of which the checker must find:
 * - `no removal`: a write changes the database and leaves what Redis holds;
 * - `unguarded fill`: what was read a while ago is stored again, as by a fill that asks for no lease;
 * - `old loads`: an answer of the database is the one before the last.
 */
export const sabotages = ['no removal', 'unguarded fill', 'old loads'] as const
export type Sabotage = (typeof sabotages)[number]

export function sabotage<V>(kind: Sabotage | undefined, cache: CacheAside<V>, redis: Redis): CacheAside<V> {
  switch (kind) {
    case undefined:
      return cache
    case 'no removal':
      return { ...cache, write: async (_, commit) => ({ ...(await commit()), invalidation: 'done' }) }
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
  }
}
