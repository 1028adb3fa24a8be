import type { Invalidation } from './types.ts'

/**
 * The circuit breaker of a shard opened (the cache stops asking that shard) or closed (it asks again). Of the
 * caches that share a client, only the one whose command changed the breaker emits the event.
 */
export interface BreakerEvent {
  name: string
  type: 'breaker'
  /** The address of the shard's master. */
  shard: string
  state: 'open' | 'closed'
  /** The error that opened it. */
  error?: unknown
}

/** A decision of the cache. `name` is the name of the cache. Durations are in milliseconds. */
export type CacheEvent = BreakerEvent | EntryEvent

/** A decision of the cache about one id. */
export type EntryEvent = { name: string; id: string } & (
  | { type: 'hit'; age: number }
  | { type: 'miss' }
  | { type: 'collapsed'; waited: number }
  | { type: 'stale'; age: number; detail?: string }
  | { type: 'bypass'; detail: string; error?: unknown }
  | { type: 'fallback'; age: number }
  | { type: 'overloaded' }
  | { type: 'load'; duration: number; version: number }
  | { type: 'load-failed'; duration: number; error: unknown }
  | { type: 'fill'; stored: boolean }
  | { type: 'removal'; outcome: Invalidation; error?: unknown }
  | { type: 'removal-forgotten' }
)
