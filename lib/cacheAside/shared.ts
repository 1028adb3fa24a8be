import type { Cluster, Redis } from 'ioredis'
import { Breaker } from './breaker.ts'
import { Fallback } from './fallback.ts'
import { Removals } from './removals.ts'
import { defineScripts } from './scripts.ts'

/** What caches on the same client have in common: they name each other's entries in `also`, and lose Redis together. */
export interface Shared {
  breaker: Breaker
  fallback: Fallback
  removals: Removals
}

const all = new WeakMap<Redis | Cluster, Shared>()

export function sharedBy(redis: Redis | Cluster): Shared {
  const known = all.get(redis)
  if (known) return known
  defineScripts(redis)
  const shared = { breaker: new Breaker(), fallback: new Fallback(), removals: new Removals(redis) }
  all.set(redis, shared)
  return shared
}
