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

/** Many `get`s at once, in as few round trips as one. Every id keeps its own lease, its own answer and its own error. */
export async function getMany<V>(
  cache: Context<V>,
  ids: readonly string[],
  budgetMs: number,
): Promise<CacheResult<V>[]> {
  const deadline = performance.now() + budgetMs
  const redis = new RedisBudget(Math.min(cache.options.cacheTimeoutMs, budgetMs))
  const callFor = (id: string) => newCall(cache, id, deadline, redis)
  const unique = [...new Set(ids)]
  const answers: Answers<V> = new Map()
  const unreadable: Unreadable<V> = []
  const careful = cache.breaker.isOpen || cache.removals.any
  const readable = careful ? await sortOut(unique.map(callFor), unreadable) : unique
  const missed = await readHits(cache, readable, { redis, callFor, answers, unreadable })
  const { won, lost } = await takeLeases(missed, unreadable)
  await Promise.all([
    leadAll(won, answers),
    bypassAll(unreadable, answers),
    ...lost.map(([call, found]) => settle(call, answers, wait(call, found))),
  ])
  return ids.map((id) => answers.get(id) as CacheResult<V>)
}

/** The ids whose keys may be read from Redis. */
async function sortOut<V>(calls: Call<V>[], unreadable: Unreadable<V>): Promise<string[]> {
  const readable: string[] = []
  await Promise.all(
    calls.map(async (call) => {
      try {
        await prepare(call)
        readable.push(call.id)
      } catch (error) {
        if (!(error instanceof CacheFailed)) throw error
        unreadable.push([call, error])
      }
    }),
  )
  return readable
}

/** Reads all, answers the hits, and hands back the misses with what was found. Only for those a call is made. */
async function readHits<V>(
  cache: Context<V>,
  ids: string[],
  batch: {
    redis: RedisBudget
    callFor: (id: string) => Call<V>
    answers: Answers<V>
    unreadable: Unreadable<V>
  },
): Promise<[Call<V>, Found][]> {
  const { redis, callFor, answers, unreadable } = batch
  if (ids.length === 0) return []
  let raws: unknown[]
  try {
    raws = await redis.spend(readAll(cache.redis, ids.map(cache.key)))
    cache.breaker.succeeded()
  } catch (error) {
    const failure = cacheFailed(cache, error)
    for (const id of ids) unreadable.push([callFor(id), failure])
    return []
  }
  const misses: [Call<V>, Found][] = []
  for (const [index, id] of ids.entries()) {
    const raw = raws[index]
    const entry = typeof raw === 'string' ? decodeEntry({ schema: cache.options.schema, id }, raw) : undefined
    const age = entry ? ageOf(entry) : 0
    if (entry && age < entry.freshMs) answers.set(id, hit(cache, id, entry, age))
    else if (raw instanceof Error && !isWrongType(raw))
      unreadable.push([callFor(id), cacheFailed(cache, raw)])
    else {
      cache.emit?.({ type: 'miss', id })
      const call = callFor(id)
      misses.push([call, look(call, typeof raw === 'string' ? raw : '')])
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
