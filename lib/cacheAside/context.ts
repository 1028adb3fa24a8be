import type { Cluster, Redis } from 'ioredis'
import type { Flight } from './flight.ts'
import type { Breaker } from './guards/breaker.ts'
import { longestTimer } from './guards/budget.ts'
import { Fallback } from './guards/fallback.ts'
import { Semaphore } from './guards/semaphore.ts'
import { longestLife } from './redis/entry.ts'
import { keysOf } from './redis/keys.ts'
import { Owed } from './redis/owed.ts'
import { Reads } from './redis/reads.ts'
import { defineScripts } from './redis/scripts.ts'
import { Shards } from './redis/shards.ts'
import type { CacheAsideOptions, CacheEvent, EntryEvent } from './types.ts'

const defaults = {
  prefix: 'aisle',
  schema: '1',
  ttl: 60_000,
  jitter: 0.1,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  negativeTtl: 5_000,
  leaseMs: 3_000,
  waitMs: 3_500,
  cacheTimeoutMs: 100,
  connectMs: 1_000,
  loadTimeoutMs: 2_500,
  fallbackMs: 1_000,
  maxConcurrentLoads: 32,
}

/** What is left between the end of a lease and that of a wait for it, ms: to notice the one before the other. */
const afterLease = 500

/** What caches on the same client have in common: they name each other's entries in `also`, and lose Redis together. */
interface Client {
  shards: Shards
  owed: Owed
  fallback: Fallback
}

/** What stands at some keys, asked for once on behalf of all callers of this process that wait for the same ones. */
export interface Poll {
  /** When it is sent, by performance.now(). */
  at: number
  due: Promise<void>
  /** In the order of the keys, once it is sent. */
  replies?: Promise<string | null>[]
}

/** What the parts of a cache share. */
export interface Context<V> extends Client {
  redis: Redis | Cluster
  options: typeof defaults & Pick<CacheAsideOptions<V>, 'name' | 'load' | 'loadMany'>
  reads: Reads
  loads: Semaphore
  /** The newest load under way in this process, by what it is for. */
  flights: Map<string, Flight>
  /** The polls that are to be sent, by the keys they ask for. */
  polls: Map<string, Poll>
  /** How many loads have begun: tells which of a load and a call began first. */
  begun: number
  key(id: string): string
  /** Undefined where nobody listens, so that no event is made for nobody. */
  emit: ((event: WithoutName<EntryEvent>) => void) | undefined
  /** A shard has answered a read, accepted a write, or failed a command or a batch. */
  answered(shard: Breaker): void
  accepted(shard: Breaker): void
  failed(shard: Breaker, error: unknown): void
}

type WithoutName<T> = T extends unknown ? Omit<T, 'name'> : never

const clients = new WeakMap<Redis | Cluster, Client>()

function clientOf(redis: Redis | Cluster, connectMs: number): Client {
  const known = clients.get(redis)
  if (known) return known
  defineScripts(redis)
  const owed = new Owed(redis, () => {
    shards.calm = false
  })
  const fallback = new Fallback()
  const shards: Shards = new Shards(redis, owed, connectMs, (shard) => fallback.clear(shard))
  const client = { owed, shards, fallback }
  clients.set(redis, client)
  return client
}

/** @throws {TypeError} as createCacheAside does */
export function contextOf<V>({ redis, onEvent, ...given }: CacheAsideOptions<V>): Context<V> {
  const options = { ...defaults, ...given }
  check(options)
  const client = clientOf(redis, options.connectMs)
  const { shards, fallback } = client
  const { name, prefix } = options
  const tell = ({ shard }: Breaker, state: 'open' | 'closed', error?: unknown) =>
    onEvent?.({ name, type: 'breaker', shard, state, ...(error !== undefined && { error }) })
  return {
    ...client,
    redis,
    options,
    reads: new Reads(redis, shards, options.cacheTimeoutMs),
    loads: new Semaphore(options.maxConcurrentLoads),
    flights: new Map(),
    polls: new Map(),
    begun: 0,
    key: keysOf(prefix, name),
    emit:
      onEvent &&
      ((event) => {
        // In place: each event is made for this call, and a hit would pay for a copy.
        const named = event as CacheEvent
        named.name = name
        onEvent(named)
      }),
    answered(shard) {
      shard.answered()
      if (!shards.calm) shards.look(performance.now())
    },
    accepted(shard) {
      const now = performance.now()
      if (shard.accepted(now)) {
        fallback.clear(shard.shard)
        tell(shard, 'closed')
      }
      shards.look(now)
    },
    failed(shard, error) {
      shards.calm = false
      if (shard.failed(error, performance.now())) tell(shard, 'open', error)
    },
  }
}

function check(options: typeof defaults & { name: string }): void {
  const { name, prefix, schema, jitter, leaseMs, waitMs, loadTimeoutMs } = options
  for (const [label, text] of Object.entries({ name, prefix })) {
    // Braces mark what decides the slot in a cluster; an id must be the only thing in them.
    if (!/^[^{}]+$/.test(text) || !text.isWellFormed())
      throw new TypeError(`${label} must not be empty or hold { or }`)
  }
  if (!/^[^\t\n]*$/.test(schema) || !schema.isWellFormed())
    throw new TypeError('schema must not hold a tab or a line break')
  const whole = (label: keyof typeof defaults, least: number, most: number) => {
    const ms = options[label]
    if (!Number.isInteger(ms) || Number(ms) < least || Number(ms) > most)
      throw new TypeError(`${label} is ${ms}: it must be whole milliseconds from ${least} to ${most}`)
  }
  for (const label of ['ttl', 'negativeTtl'] as const) whole(label, 1, longestLife)
  for (const label of ['staleWhileRevalidate', 'staleIfError'] as const) whole(label, 0, longestLife)
  for (const label of ['leaseMs', 'waitMs', 'cacheTimeoutMs', 'connectMs', 'loadTimeoutMs'] as const)
    whole(label, 1, longestTimer)
  whole('fallbackMs', 0, longestTimer)
  if (leaseMs <= loadTimeoutMs)
    throw new TypeError(`leaseMs is ${leaseMs}: it must be longer than loadTimeoutMs, ${loadTimeoutMs}`)
  if (waitMs < leaseMs + afterLease)
    throw new TypeError(
      `waitMs is ${waitMs}: it must be ${afterLease} longer than leaseMs, ${leaseMs + afterLease} at least`,
    )
  if (!(jitter >= 0 && jitter < 1)) throw new TypeError('jitter must be from 0 to below 1')
  if (!(Number.isInteger(options.maxConcurrentLoads) && options.maxConcurrentLoads >= 1))
    throw new TypeError('maxConcurrentLoads must be a whole number from 1 on')
}
