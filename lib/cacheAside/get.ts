import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CacheResult, type CacheStatus, LoadFailed } from './contract.ts'
import {
  decodeEntry,
  decodeLease,
  type Entry,
  encodeEntry,
  encodeLease,
  identityOf,
  StoredResult,
  tokenBytes,
} from './entry.ts'
import type { Context } from './index.ts'
import { type Fresh, loadFresh } from './load.ts'
import { CacheTimeout, RedisBudget, within } from './timeLimit.ts'

/** The first pause of a caller that waits for another process; doubled each time, up to the longest. */
const shortestPauseMs = 4
const longestPauseMs = 50
/** How long the lease of a failed load stays, so that the next load does not follow at once. */
const backoffMs = 200

/** What one call works with. */
interface Call<V> {
  cache: Context<V>
  id: string
  key: string
  identity: string
  redis: RedisBudget
  /** When the caller's time is over, by performance.now(). */
  deadline: number
}

/** What stands at a key: an entry, the token of a lease, or nothing of use. */
interface Found {
  entry?: Entry
  lease?: string
}

/** One `get`: a hit, or a miss that loads under a lease, or a load past a Redis that fails. */
export async function get<V>(cache: Context<V>, id: string, budgetMs: number): Promise<CacheResult<V>> {
  const { options, removals } = cache
  const key = cache.key(id)
  const call: Call<V> = {
    cache,
    id,
    key,
    identity: identityOf(options.schema, id),
    redis: new RedisBudget(options.cacheTimeoutMs),
    deadline: performance.now() + budgetMs,
  }
  try {
    if (removals.owes(key)) await ask(call, removals.deliver(key))
    const found = await read(call)
    if (found.entry && isFresh(found.entry)) return stored(call, found.entry, { hit: true })
    cache.emit({ type: 'miss', id })
    return await miss(call, found)
  } catch (error) {
    if (!(error instanceof CacheFailed)) throw error
    return bypass(call, error.detail, error.cause)
  }
}

/** Takes the lease and loads, or finds it taken and waits for its holder's fill. */
async function miss<V>(call: Call<V>, found: Found): Promise<CacheResult<V>> {
  const { cache, id } = call
  const start = performance.now()
  const waitUntil = Math.min(start + cache.options.waitMs, call.deadline)
  const collapsed = () => cache.emit({ type: 'collapsed', id, waited: performance.now() - start })
  let pause = shortestPauseMs
  while (true) {
    if (found.entry && isFresh(found.entry)) {
      collapsed()
      return stored(call, found.entry, { hit: false, fwd: 'uri-miss', collapsed: true })
    }
    const late = performance.now() + pause > waitUntil
    // Also when the wait is over: a lease that will not end by itself is only found out by the script.
    if (found.lease === undefined || late) {
      const token = randomBytes(tokenBytes).toString('base64url')
      const taken = await takeLease(call, token, found.entry)
      if (taken === 'won') return lead(call, token)
      if (late) throw new CacheFailed('wait-timeout')
      found = taken
      continue
    }
    // A load of this process may be joined because this call itself has just read its lease: no removal came between
    // the begin of that load and the begin of this call.
    const flight = cache.flights.get(found.lease)
    if (flight) {
      const left = Math.min(cache.options.loadTimeoutMs, call.deadline - performance.now())
      const fresh = await within(
        left,
        flight,
        () => new LoadFailed(id, new Error('the time of the call is over')),
      )
      collapsed()
      return loaded(fresh, { hit: false, fwd: 'uri-miss', collapsed: true })
    }
    // Between half and all of the pause, so that those who wait do not ask in step.
    await sleep(pause * (0.5 + Math.random() / 2))
    pause = Math.min(2 * pause, longestPauseMs)
    found = await read(call)
  }
}

/** Loads with the lease in hand and fills. Others of this process join by the token. */
async function lead<V>(call: Call<V>, token: string): Promise<CacheResult<V>> {
  const { cache, key, id, identity } = call
  const load = loadNow(call)
  cache.flights.set(token, load)
  try {
    const fresh = await load
    const freshMs = Math.ceil(
      fresh.body === undefined
        ? cache.options.negativeTtl
        : cache.options.ttl * (1 - Math.random() * cache.options.jitter),
    )
    const entry = encodeEntry(identity, { ...fresh, freshMs })
    let accepted = false
    try {
      accepted =
        (await call.redis.spend(cache.redis.cacheAsideFill(key, encodeLease(token), entry, freshMs))) === 1
    } catch {
      // The value is good all the same. If the fill arrives late, its token decides.
    }
    cache.emit({ type: 'fill', id, stored: accepted })
    return loaded(fresh, {
      hit: false,
      fwd: 'uri-miss',
      ...(accepted && { stored: true, ttl: Math.floor(freshMs / 1000) }),
    })
  } catch (error) {
    await call.redis.spend(cache.redis.cacheAsideRelease(key, encodeLease(token), backoffMs)).catch(() => {})
    throw error
  } finally {
    cache.flights.delete(token)
  }
}

/** Answers from the database alone, and stores nothing. */
async function bypass<V>(call: Call<V>, detail: string, error: unknown): Promise<CacheResult<V>> {
  call.cache.emit({ type: 'bypass', id: call.id, detail, error })
  return loaded(await loadNow(call), { hit: false, fwd: 'bypass', detail })
}

async function loadNow<V>({ cache, id, deadline }: Call<V>): Promise<Fresh<V>> {
  const start = performance.now()
  try {
    const fresh = await loadFresh(
      id,
      cache.options.load,
      Math.min(cache.options.loadTimeoutMs, deadline - start),
    )
    cache.emit({ type: 'load', id, duration: performance.now() - start, version: fresh.version })
    return fresh
  } catch (error) {
    cache.emit({ type: 'load-failed', id, duration: performance.now() - start, error })
    throw error
  }
}

/** Something with Redis went wrong that the database can make good. */
class CacheFailed extends Error {
  readonly detail: string
  constructor(detail: string, cause?: unknown) {
    super(detail, { cause })
    this.detail = detail
  }
}

/** The value of a command; where something of another type stands at the key, `undefined`. */
async function ask<V, T>(call: Call<V>, command: Promise<T>): Promise<T | undefined> {
  try {
    return await call.redis.spend(command)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return undefined
    throw new CacheFailed(error instanceof CacheTimeout ? 'redis-timeout' : 'redis-error', error)
  }
}

async function read<V>(call: Call<V>): Promise<Found> {
  return look(call, (await ask(call, call.cache.redis.get(call.key))) ?? '')
}

async function takeLease<V>(call: Call<V>, token: string, seen: Entry | undefined): Promise<'won' | Found> {
  const { cache, key, identity } = call
  const { leaseMs } = cache.options
  const answer = await ask(
    call,
    cache.redis.cacheAsideLease(key, encodeLease(token), leaseMs, identity, seen?.head ?? ''),
  )
  if (answer === 1) return 'won'
  const found = look(call, answer ?? '')
  if (!found.entry && !found.lease)
    throw new CacheFailed('redis-error', new Error(`Unreadable entry at ${key}`))
  return found
}

function look<V>({ identity }: Call<V>, raw: string): Found {
  const entry = decodeEntry(identity, raw)
  if (entry) return { entry }
  const lease = decodeLease(raw)
  return lease === undefined ? {} : { lease }
}

/** Clamped at zero, for the loader's clock may be ahead of this one. */
const ageOf = ({ loadedAt }: { loadedAt: number }) => Math.max(0, Date.now() - loadedAt)
const isFresh = (entry: Entry) => ageOf(entry) < entry.freshMs

function stored<V>({ cache, id }: Call<V>, entry: Entry, status: CacheStatus): CacheResult<V> {
  const age = ageOf(entry)
  if (status.hit) cache.emit({ type: 'hit', id, age })
  status.ttl = Math.max(0, Math.floor((entry.freshMs - age) / 1000))
  return new StoredResult<V>(entry, age, status)
}

const loaded = <V>({ value, body, version, loadedAt }: Fresh<V>, status: CacheStatus): CacheResult<V> => ({
  value,
  body,
  version,
  age: ageOf({ loadedAt }),
  status,
})
