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
import { headOf, identityText } from './entry.ts'
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

/** The calls whose keys may be read from Redis, and the others with the reason. */
async function sortOut<V>(calls: Call<V>[]): Promise<{ readable: Call<V>[]; unreadable: Unreadable<V> }> {
  const careful = ({ cache, key }: Call<V>) => cache.breaker.isOpen || cache.removals.owes(key)
  if (!calls.some(careful)) return { readable: calls, unreadable: [] }
  const readable: Call<V>[] = []
  const unreadable: Unreadable<V> = []
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
    const { cache, id } = call
    const found = look(call, typeof raw === 'string' ? raw : '')
    const age = found.entry ? ageOf(found.entry) : 0
    if (found.entry && age < found.entry.freshMs) answers.set(id, hit(cache, id, found.entry, age))
    else {
      cache.emit?.({ type: 'miss', id })
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
