import { readAll, sendAll } from './batch.ts'
import {
  ask,
  CacheFailed,
  type Call,
  cacheFailed,
  type Found,
  isFresh,
  isWrongType,
  loaded,
  look,
  newCall,
  stored,
} from './call.ts'
import { type CacheResult, LoadFailed, Overloaded } from './contract.ts'
import { headOf, identityText } from './entry.ts'
import { bypass, inTheWay, newToken, prepare, resolve } from './get.ts'
import type { Context } from './index.ts'
import { backoffMs, entryOf, led } from './lead.ts'
import { type Fresh, loadEach, staleOr } from './load.ts'
import { RedisBudget } from './timeLimit.ts'

/** Answers one id each: its result, or the error that it has in place of one. */
type Answers<V> = Map<string, CacheResult<V>>

/** Many `get`s at once, in as few round trips as one. Every id keeps its own lease, its own answer and its own error. */
export async function getMany<V>(
  cache: Context<V>,
  ids: readonly string[],
  budgetMs: number,
): Promise<CacheResult<V>[]> {
  const deadline = performance.now() + budgetMs
  const redis = new RedisBudget(Math.min(cache.options.cacheTimeoutMs, budgetMs))
  const calls = [...new Set(ids)].map((id) => newCall(cache, id, deadline, redis))
  const answers: Answers<V> = new Map()
  const { readable, unreadable } = await sortOut(calls)
  const missed = await readHits(readable, answers, unreadable)
  const { won, lost } = await takeLeases(missed, unreadable)
  await Promise.all([
    leadAll(won, answers),
    bypassAll(unreadable, answers),
    ...lost.map(([call, found]) => settle(call, answers, wait(call, found))),
  ])
  return ids.map((id) => answers.get(id) as CacheResult<V>)
}

type Unreadable<V> = [Call<V>, CacheFailed][]

/** The calls whose keys may be read from Redis, and the others with the reason. */
async function sortOut<V>(calls: Call<V>[]): Promise<{ readable: Call<V>[]; unreadable: Unreadable<V> }> {
  const readable: Call<V>[] = []
  const unreadable: Unreadable<V> = []
  const careful = ({ cache, key }: Call<V>) => cache.breaker.isOpen || cache.removals.owes(key)
  await Promise.all(
    calls.map(async (call) => {
      try {
        if (careful(call)) await prepare(call)
        readable.push(call)
      } catch (error) {
        if (!(error instanceof CacheFailed)) throw error
        unreadable.push([call, error])
      }
    }),
  )
  return { readable, unreadable }
}

/** Reads all, answers the hits, and hands back the misses with what was found. */
async function readHits<V>(
  calls: Call<V>[],
  answers: Answers<V>,
  unreadable: Unreadable<V>,
): Promise<[Call<V>, Found][]> {
  const misses: [Call<V>, Found][] = []
  const raws = await together(calls, (redis, keys) => readAll(redis, keys), unreadable)
  for (const [call, raw] of raws) {
    const found = look(call, typeof raw === 'string' ? raw : '')
    if (found.entry && isFresh(found.entry)) {
      answers.set(call.id, stored(call, found.entry, { hit: true }))
      call.cache.emit?.({ type: 'hit', id: call.id, age: answers.get(call.id)?.age ?? 0 })
    } else {
      call.cache.emit?.({ type: 'miss', id: call.id })
      misses.push([call, found])
    }
  }
  return misses
}

/** Takes the leases of all misses that nobody holds: those won, with the token, and the others with what is in the way. */
async function takeLeases<V>(misses: [Call<V>, Found][], unreadable: Unreadable<V>) {
  const won: [Call<V>, string][] = []
  const lost = misses.filter(([, found]) => found.lease !== undefined)
  const open = misses.filter(([, found]) => found.lease === undefined)
  const tokens = open.map(newToken)
  const answers = await together(
    open.map(([call]) => call),
    (redis, keys) =>
      sendAll(redis, keys, (pipeline, key, index) => {
        const [call, { entry }] = open[index] as [Call<V>, Found]
        const head = entry ? headOf(entry) : ''
        pipeline.cacheAsideLease(
          key,
          tokens[index] ?? '',
          call.cache.options.leaseMs,
          identityText(call.identity),
          head,
        )
      }),
    unreadable,
  )
  const tokenOf = new Map(open.map(([call], index) => [call, tokens[index] ?? '']))
  await Promise.all(
    answers.map(async ([call, answer]) => {
      if (answer === 1) won.push([call, tokenOf.get(call) ?? ''])
      else {
        try {
          lost.push([call, await inTheWay(call, String(answer))])
        } catch (error) {
          unreadable.push([call, cacheFailed(call.cache, error)])
        }
      }
    }),
  )
  return { won, lost }
}

/** One load for all that hold their lease, and one round trip to fill them. */
async function leadAll<V>(won: [Call<V>, string][], answers: Answers<V>): Promise<void> {
  const [first] = won
  if (!first) return
  const { cache, redis } = first[0]
  const loads = loadEach(won.map(([call]) => call))
  won.forEach(([, token], index) => {
    const flight = loads.then((results) => fulfilled(results[index]))
    // Nobody may be waiting for it.
    flight.catch(() => {})
    cache.flights.set(token, flight)
  })
  try {
    const results = await loads
    const entries = won.map(([call], index) => {
      const result = results[index]
      return result instanceof Error || !result ? undefined : entryOf(call, result)
    })
    const keys = won.map(([call]) => call.key)
    const fills = sendAll(cache.redis, keys, (pipeline, key, index) => {
      const token = won[index]?.[1] ?? ''
      const made = entries[index]
      if (made) pipeline.cacheAsideFill(key, token, made.entry, made.px)
      else pipeline.cacheAsideRelease(key, token, backoffMs)
    })
    const accepted = await redis.spend(fills).catch((error) => {
      cache.breaker.failed(error)
      return []
    })
    await Promise.all(
      won.map(([call], index) => {
        const answer = async () =>
          led(call, fulfilled(results[index]), accepted[index] === 1, entries[index]?.freshMs ?? 0)
        return settle(
          call,
          answers,
          answer().catch((error) => staleOr(call, error)),
        )
      }),
    )
  } finally {
    for (const [, token] of won) cache.flights.delete(token)
  }
}

/** One load for all that go past Redis, but for what this process has just loaded. */
async function bypassAll<V>(unreadable: Unreadable<V>, answers: Answers<V>): Promise<void> {
  const kept = unreadable.filter(([{ cache, key }]) => hasFallback(cache, key))
  const rest = unreadable.filter(([{ cache, key }]) => !hasFallback(cache, key))
  const loads = loadEach(rest.map(([call]) => call))
  await Promise.all([
    ...kept.map(([call, failure]) => settle(call, answers, bypass(call, failure))),
    ...rest.map(([call, { detail, cause }], index) => {
      const { cache, id, key } = call
      cache.emit?.({ type: 'bypass', id, detail, error: cause })
      const load = loads.then((results) => fulfilled(results[index]))
      if (cache.breaker.isOpen && cache.options.fallbackMs > 0) cache.fallback.keep(key, load)
      const answer = load.then((fresh) => loaded(fresh, { hit: false, fwd: 'bypass', detail }))
      return settle(
        call,
        answers,
        answer.catch((error) => staleOr(call, error)),
      )
    }),
  ])
}

const hasFallback = <V>({ breaker, fallback, options }: Context<V>, key: string): boolean =>
  breaker.isOpen && fallback.get(key, options.fallbackMs) !== undefined

/** A miss whose lease another caller holds goes on as a single one. */
async function wait<V>(call: Call<V>, found: Found): Promise<CacheResult<V>> {
  try {
    return await resolve(call, found)
  } catch (error) {
    if (error instanceof CacheFailed) return bypass(call, error)
    throw error
  }
}

/** Puts an answer, or the error in place of one, where it belongs. */
async function settle<V>(
  { id }: Call<V>,
  answers: Answers<V>,
  answer: Promise<CacheResult<V>>,
): Promise<void> {
  try {
    answers.set(id, await answer)
  } catch (error) {
    if (!(error instanceof LoadFailed || error instanceof Overloaded)) throw error
    const status = { hit: false, fwd: 'uri-miss' } as const
    answers.set(id, { value: undefined, body: undefined, version: 0, age: 0, status, error })
  }
}

/** Sends for all at once. What fails for one, or for all, is added to the unreadable. */
async function together<V>(
  calls: Call<V>[],
  send: (redis: Context<V>['redis'], keys: string[]) => Promise<unknown[]>,
  unreadable: Unreadable<V>,
): Promise<[Call<V>, unknown][]> {
  const [first] = calls
  if (!first) return []
  const { cache } = first
  try {
    const answers = await ask(
      first,
      send(
        cache.redis,
        calls.map(({ key }) => key),
      ),
    )
    return calls.flatMap((call, index) => {
      const answer = answers[index]
      if (!(answer instanceof Error)) return [[call, answer]]
      if (isWrongType(answer)) return [[call, null]]
      unreadable.push([call, cacheFailed(cache, answer)])
      return []
    })
  } catch (error) {
    if (!(error instanceof CacheFailed)) throw error
    for (const call of calls) unreadable.push([call, error])
    return []
  }
}

function fulfilled<V>(result: Fresh<V> | Error | undefined): Fresh<V> {
  if (!result || result instanceof Error) throw result
  return result
}
