import { sendAll } from './batch.ts'
import { CacheFailed, type Call, type Found, loaded } from './call.ts'
import { type CacheResult, LoadFailed, Overloaded } from './contract.ts'
import type { Context } from './index.ts'
import { backoffMs, entryOf, led } from './lead.ts'
import { type Fresh, loadEach, staleOr } from './load.ts'
import { bypass, resolve } from './miss.ts'

/** Answers one id each: its result, or the error that it has in place of one. */
export type Answers<V> = Map<string, CacheResult<V>>

/** The calls that go past Redis, each with the reason. */
export type Unreadable<V> = [Call<V>, CacheFailed][]

/** One load for all that hold their lease, and one round trip to fill them. */
export async function leadAll<V>(won: [Call<V>, string][], answers: Answers<V>): Promise<void> {
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
export async function bypassAll<V>(unreadable: Unreadable<V>, answers: Answers<V>): Promise<void> {
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
export async function wait<V>(call: Call<V>, found: Found): Promise<CacheResult<V>> {
  try {
    return await resolve(call, found)
  } catch (error) {
    if (error instanceof CacheFailed) return bypass(call, error)
    throw error
  }
}

/** Puts an answer, or the error in place of one, where it belongs. */
export async function settle<V>(
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

function fulfilled<V>(result: Fresh<V> | Error | undefined): Fresh<V> {
  if (!result || result instanceof Error) throw result
  return result
}
