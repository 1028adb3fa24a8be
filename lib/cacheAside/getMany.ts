import { readAll, sendAll } from './batch.ts'
import {
  ageOf,
  ask,
  CacheFailed,
  type Call,
  cacheFailed,
  type Found,
  isWrongType,
  look,
  newCall,
} from './call.ts'
import type { CacheResult } from './contract.ts'
import { decodeEntry, headOf, identityText } from './entry.ts'
import { hit, prepare } from './get.ts'
import type { Context } from './index.ts'
import { type Answers, bypassAll, leadAll, settle, type Unreadable, wait } from './loadMany.ts'
import { inTheWay, newToken } from './miss.ts'
import { RedisBudget } from './timeLimit.ts'

/**
 * Many `get`s at once, in as few round trips as one. Every id keeps its own lease, its own answer and its own error. An
 * id that is asked for twice is read twice, which is cheaper than to look for one each time, and loaded once.
 */
export async function getMany<V>(
  cache: Context<V>,
  ids: readonly string[],
  budgetMs: number,
): Promise<CacheResult<V>[]> {
  const deadline = performance.now() + budgetMs
  const redis = new RedisBudget(Math.min(cache.options.cacheTimeoutMs, budgetMs))
  const callFor = (id: string) => newCall(cache, id, deadline, redis)
  const unreadable: Unreadable<V> = []
  const careful = cache.breaker.isOpen || cache.removals.any
  const readable = careful ? await sortOut(ids, callFor, unreadable) : ids
  const { hits, missed } = await readHits(cache, readable, { redis, callFor, unreadable })
  if (missed.length === 0 && unreadable.length === 0) return hits as CacheResult<V>[]
  const answers: Answers<V> = new Map()
  for (const [index, id] of readable.entries()) {
    const answer = hits[index]
    if (answer) answers.set(id, answer)
  }
  const { won, lost } = await takeLeases(missed, unreadable)
  await Promise.all([
    leadAll(won, answers),
    bypassAll(unreadable, answers),
    ...lost.map(([call, found]) => settle(call, answers, wait(call, found))),
  ])
  return ids.map((id) => answers.get(id) as CacheResult<V>)
}

/** The ids whose keys may be read from Redis, in their order. */
async function sortOut<V>(
  ids: readonly string[],
  callFor: (id: string) => Call<V>,
  unreadable: Unreadable<V>,
): Promise<string[]> {
  const readable = new Set<string>()
  await Promise.all(
    [...new Set(ids)].map(async (id) => {
      const call = callFor(id)
      try {
        await prepare(call)
        readable.add(id)
      } catch (error) {
        if (!(error instanceof CacheFailed)) throw error
        unreadable.push([call, error])
      }
    }),
  )
  return ids.filter((id) => readable.has(id))
}

/** Reads all. The hits lie where their ids do; of what is missed there is one call for each id, with what was found. */
async function readHits<V>(
  cache: Context<V>,
  ids: readonly string[],
  batch: { redis: RedisBudget; callFor: (id: string) => Call<V>; unreadable: Unreadable<V> },
): Promise<{ hits: (CacheResult<V> | undefined)[]; missed: [Call<V>, Found][] }> {
  const { redis, callFor, unreadable } = batch
  if (ids.length === 0) return { hits: [], missed: [] }
  let raws: unknown[]
  try {
    raws = await redis.spend(readAll(cache.redis, ids.map(cache.key)))
    cache.breaker.succeeded()
  } catch (error) {
    const failure = cacheFailed(cache, error)
    for (const id of new Set(ids)) unreadable.push([callFor(id), failure])
    return { hits: [], missed: [] }
  }
  const { schema } = cache.options
  const now = Date.now()
  const missed = new Map<string, unknown>()
  const hits = raws.map((raw, index) => {
    const id = ids[index] as string
    const entry = typeof raw === 'string' ? decodeEntry(schema, id, raw) : undefined
    const age = entry ? ageOf(entry, now) : 0
    if (entry && age < entry.freshMs) return hit(cache, id, entry, age)
    missed.set(id, raw)
    return undefined
  })
  const misses: [Call<V>, Found][] = []
  for (const [id, raw] of missed) {
    const call = callFor(id)
    if (raw instanceof Error && !isWrongType(raw)) unreadable.push([call, cacheFailed(cache, raw)])
    else {
      cache.emit?.({ type: 'miss', id })
      misses.push([call, look(call, typeof raw === 'string' ? raw : '')])
    }
  }
  return { hits, missed: misses }
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
