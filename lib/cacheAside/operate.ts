import { randomInt } from 'node:crypto'
import { Cluster, type Redis } from 'ioredis'
import type { Context } from './context.ts'
import { heardWithin } from './guards/attention.ts'
import { getMany } from './hit.ts'
import {
  ageOf,
  decodeEntry,
  decodeLease,
  type Entry,
  failedToken,
  freshFor,
  type Lease,
  leaseEnds,
  leaseIn,
} from './redis/entry.ts'
import { idIn, suffixOf } from './redis/keys.ts'
import type { CacheResult, Inspected, Warmed } from './types.ts'

/** What stands at a key. Past breaker and removals, for it is to show what Redis really holds. */
export async function inspect<V>(cache: Context<V>, id: string): Promise<Inspected> {
  const key = cache.key(id)
  const asked = cache.redis.cacheAsideInspect(key)
  const [now, pttl, bytes, raw] = await heardWithin(cache.options.cacheTimeoutMs, asked, cache.shards.of(key))
  // What PTTL says of a key that is not there.
  if (pttl === -2) return { state: 'nothing' }
  const life = pttl >= 0 ? { expires: pttl } : {}
  if (raw === null) return { state: 'unreadable', ...life }
  const entry = decodeEntry(cache.options.schema, id, raw)
  if (!entry) return { state: stateOfLease(decodeLease(raw)), ...life, bytes }
  const { version, loadedAt, until, body } = entry
  return {
    ...{ state: stateOf(entry, now), version, loadedAt, age: ageOf(entry), ttl: freshFor(entry) },
    ...(until < Number.POSITIVE_INFINITY && { until }),
    ...{ body, ...life, bytes },
  }
}

function stateOfLease(lease: Lease | undefined) {
  if (!lease) return 'unreadable'
  return lease.token === failedToken ? 'failed' : 'loading'
}

/** @param now by Redis' clock, which leases run on */
function stateOf(entry: Entry, now: number) {
  if (freshFor(entry) > 0) return entry.body === undefined ? 'absent' : 'fresh'
  return leaseEnds(entry) > now && leaseIn(entry) !== failedToken ? 'refreshing' : 'stale'
}

/** Keys that one SCAN looks at, about: some hundred microseconds of Redis' time. */
const step = 500
const stepTimeoutMs = 1000

/** The ids of a cache's keys: on every master, from the beginning or from anywhere round to the beginning and on. */
export async function* scan<V>(
  { redis, key, options: { prefix, name } }: Context<V>,
  { atMost = 100_000, anywhere = false }: { atMost?: number; anywhere?: boolean } = {},
): AsyncGenerator<string, void, undefined> {
  const suffix = suffixOf(name)
  const pattern = `${literal(prefix)}:{*}${literal(suffix)}`
  const masters = await mastersOf(redis, key('scan'))
  const first = anywhere ? randomInt(masters.length) : 0
  let left = atMost
  for (const [index, master] of [...masters.slice(first), ...masters.slice(0, first)].entries()) {
    // Each master its share of what is left.
    let share = Math.ceil(left / (masters.length - index))
    // A cursor is a place in the hash table, of which only so many low bits count as the table has. From a place in the
    // middle the walk ends at 0 without having seen what lies before, so a second one follows.
    let cursor = String(anywhere ? randomInt(2 ** 32) : 0)
    let rounds = cursor === '0' ? 1 : 2
    while (rounds > 0 && share > 0) {
      const asked = master.scan(cursor, 'MATCH', pattern, 'COUNT', Math.min(step, share))
      const [next, keys] = await heardWithin(stepTimeoutMs, asked)
      share -= step
      left -= step
      for (const found of keys) yield idIn(found.slice(prefix.length + 2, -suffix.length - 1))
      cursor = next
      if (cursor === '0') rounds--
    }
  }
}

async function mastersOf(redis: Redis | Cluster, key: string): Promise<Redis[]> {
  if (!(redis instanceof Cluster)) return [redis]
  // A client that has just been made learns its nodes with its first command.
  if (redis.slots.length === 0) await heardWithin(stepTimeoutMs, redis.exists(key)).catch(() => {})
  const masters = redis.nodes('master')
  if (masters.length === 0) throw new Error('The cluster does not answer')
  return masters
}

/** A text as a glob-style pattern that matches nothing else. */
const literal = (text: string): string => text.replace(/[\\*?[\]^-]/g, '\\$&')

/** How many ids are asked for at once: as many as one loadMany reads. */
const chunk = 100

/** Fills what is missing or stale, some at a time. */
export async function warm<V>(cache: Context<V>, ids: readonly string[]): Promise<Warmed> {
  const warmed: Warmed = { filled: 0, fresh: 0, failed: [] }
  const unique = [...new Set(ids)]
  let away = false
  for (let at = 0; at < unique.length; at += chunk) {
    const some = unique.slice(at, at + chunk)
    // Once Redis was away for a whole chunk nothing can be filled, and the database is left alone.
    const results: CacheResult<V>[] = away ? [] : await getMany(cache, some, Number.POSITIVE_INFINITY)
    away ||= results.every(({ status }) => status.fwd === 'bypass')
    for (const [index, id] of some.entries()) count(warmed, id, results[index])
  }
  return warmed
}

function count<V>(warmed: Warmed, id: string, result: CacheResult<V> | undefined): void {
  if (result?.status.stored) warmed.filled++
  else if (
    result &&
    !result.error &&
    (result.status.hit || result.status.collapsed) &&
    result.status.fwd !== 'bypass'
  )
    warmed.fresh++
  else
    warmed.failed.push({
      id,
      error:
        result?.error ??
        new Error(`Not stored: ${result?.status.detail ?? 'Redis is full, or a write came between'}`),
    })
}
