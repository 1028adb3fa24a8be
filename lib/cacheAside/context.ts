import type { Cluster, Redis } from 'ioredis'
import { completeOptions, type Options } from './completeOptions.ts'
import type { CacheEvent, EntryEvent } from './events.ts'
import type { Flight } from './flight.ts'
import type { Breaker } from './guards/breaker.ts'
import { Fallback } from './guards/fallback.ts'
import { Semaphore } from './guards/semaphore.ts'
import type { CacheAsideOptions } from './options.ts'
import { defineCommands } from './redis/commands.ts'
import { keyBuilder } from './redis/keys.ts'
import { Outbox } from './redis/outbox.ts'
import { Reads } from './redis/reads.ts'
import { Shards } from './redis/shards.ts'

/**
 * What all caches on one client share, because they remove each other's entries through `also`, and they lose Redis
 * at the same moment.
 */
interface SharedState {
  shards: Shards
  outbox: Outbox
  fallback: Fallback
}

/**
 * One command that reads what some keys hold, for all callers of this process that wait for exactly these
 * keys.
 */
export interface Poll {
  /** When it is sent, by performance.now(). */
  at: number
  /** Resolves at that moment. */
  due: Promise<void>
  /** In the order of the keys; set when it is sent. */
  replies?: Promise<string | null>[]
}

/** What the parts of a cache share. */
export interface Context<V> extends SharedState {
  redis: Redis | Cluster
  options: Options<V>
  reads: Reads
  /** Permits for loads, `maxConcurrentLoads` of them. */
  loads: Semaphore
  /** The newest load under way in this process, by the name that load.ts gives it. */
  flights: Map<string, Flight>
  /** The polls that are not sent yet, by the keys that they ask for. */
  polls: Map<string, Poll>
  /** How many loads have started. It shows whether a load or a call started first. */
  loadsStarted: number
  key(id: string): string
  /** Undefined if the cache has no listener, so that no event object is created. */
  emit: ((event: WithoutName<EntryEvent>) => void) | undefined
  /** Records that a shard replied to a read. */
  recordReply(shard: Breaker): void
  /** Records that a shard accepted a write. */
  recordWrite(shard: Breaker): void
  /** Records that a shard failed a command or a batch. */
  recordFailure(shard: Breaker, error: unknown): void
}

type WithoutName<T> = T extends unknown ? Omit<T, 'name'> : never

const stateByClient = new WeakMap<Redis | Cluster, SharedState>()

function getSharedState(redis: Redis | Cluster, connectMs: number): SharedState {
  const known = stateByClient.get(redis)
  if (known) return known
  defineCommands(redis)
  const outbox = new Outbox(redis, () => {
    shards.isHealthy = false
  })
  const fallback = new Fallback()
  const shards: Shards = new Shards(redis, outbox, connectMs, (shard) => fallback.clear(shard))
  const state = { outbox, shards, fallback }
  stateByClient.set(redis, state)
  return state
}

/** Creates the context of a new cache. @throws {TypeError} as createCacheAside does */
export function createContext<V>({ redis, onEvent, ...rest }: CacheAsideOptions<V>): Context<V> {
  const options = completeOptions(rest)
  const state = getSharedState(redis, options.connectMs)
  const { shards, fallback } = state
  const { name, prefix } = options
  const emitBreaker = ({ shard }: Breaker, state: 'open' | 'closed', error?: unknown) =>
    onEvent?.({ name, type: 'breaker', shard, state, ...(error !== undefined && { error }) })
  return {
    ...state,
    redis,
    options,
    reads: new Reads(redis, shards, options.cacheTimeoutMs),
    loads: new Semaphore(options.maxConcurrentLoads),
    flights: new Map(),
    polls: new Map(),
    loadsStarted: 0,
    key: keyBuilder(prefix, name),
    emit:
      onEvent &&
      ((event) => {
        // The name is set in place: each event object is made for this call, and a copy would slow down a
        // hit.
        const named = event as CacheEvent
        named.name = name
        onEvent(named)
      }),
    recordReply(shard) {
      shard.recordReply()
      if (!shards.isHealthy) shards.refreshHealth(performance.now())
    },
    recordWrite(shard) {
      const now = performance.now()
      if (shard.recordWrite(now)) {
        fallback.clear(shard.shard)
        emitBreaker(shard, 'closed')
      }
      shards.refreshHealth(now)
    },
    recordFailure(shard, error) {
      shards.isHealthy = false
      if (shard.recordFailure(error, performance.now())) emitBreaker(shard, 'open', error)
    },
  }
}
