import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Cluster, Redis } from 'ioredis'
import {
  type CacheAside,
  type CacheAsideOptions,
  type CacheEvent,
  type CacheResult,
  createCacheAside,
} from '../../lib/cacheAside/index.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { toProblem } from '../../lib/http/toProblem.ts'
import { sharedNow } from './clock.ts'
import { ControllableLoads, type LoadBehaviour, type LoadEvent } from './controllableLoads.ts'
import { readSetup, sendEvent, serve } from './serve.ts'
import { textsIn } from './texts.ts'
import { retryUntilDone, warmUp } from './warmUp.ts'

/** A process with caches of texts, like another Lambda sandbox. Started by ./fleet.ts. */
export interface Setup {
  redisUrl: string
  dynamodbEndpoint: string
  table: string
}

/** The events that this process sends. */
export type Event = { type: 'begun' | 'committed' } | { type: 'answer'; answer: Answer } | LoadEvent

export interface Answer {
  id: string
  value: unknown
  version: number
  age: number
  status: Record<string, unknown>
  /** When the answer came, by `sharedNow`, and how long it took, ms. */
  at: number
  took: number
  /** Instead of a value, with the status of the HTTP response that the error becomes. */
  error?: { name: string; message: string; status: number }
}

/** An event of a cache, and when it happened. */
export type Logged = CacheEvent & { at: number }

/** The options that can be sent between processes. */
type Options = Omit<CacheAsideOptions<unknown>, 'redis' | 'name' | 'load' | 'loadMany' | 'onEvent'>

interface GetRequest {
  cache: string
  id: string
  /** How many gets run at the same time. @default 1 */
  callers?: number
  budgetMs?: number
  /** When to begin, by `sharedNow`. */
  at?: number
}

interface GetManyRequest {
  cache: string
  ids: string[]
  budgetMs?: number
  /** When to begin, by `sharedNow`. */
  at?: number
}

interface WatchRequest {
  cache: string
  ids: string[]
  /** How long to watch. */
  ms: number
  everyMs?: number
}

const setup = readSetup<Setup>()
const db = connectDynamoDB(setup.dynamodbEndpoint)
let redis: Redis | Cluster | undefined
const loads = new ControllableLoads(textsIn(db, setup.table), (event) => sendEvent<Event>(event))
const caches = new Map<string, CacheAside<unknown>>()
let log: Logged[] = []

function findCache(name: string): CacheAside<unknown> {
  const cache = caches.get(name)
  if (!cache) throw new Error(`No cache ${name} is open`)
  return cache
}

function toAnswer(id: string, start: number, result: CacheResult<unknown>): Answer {
  const { value, version, age, status, error } = result
  const at = sharedNow()
  return {
    ...{ id, value, version, age, status: { ...status }, at, took: at - start },
    ...(error && { error: { name: error.name, message: error.message, status: toProblem(error).status } }),
  }
}

const toFailedResult = (error: unknown): CacheResult<unknown> => ({
  ...{ value: undefined, body: undefined, bytes: 0, version: 0, age: 0, status: { hit: false } },
  error: error as NonNullable<CacheResult<unknown>['error']>,
})

async function getOne(cache: string, id: string, budgetMs?: number): Promise<Answer> {
  const start = sharedNow()
  const result = findCache(cache).get(id, budgetMs === undefined ? {} : { budgetMs })
  return toAnswer(id, start, await result.catch(toFailedResult))
}

const sleepUntil = (at?: number) => sleep(at === undefined ? 0 : Math.max(0, at - sharedNow()))

const methods = {
  /** Starts over with a new client, no cache, normal loads, and the texts of `prefix`. */
  async reset({ prefix = '' }: { prefix?: string } = {}) {
    redis?.disconnect()
    loads.reset()
    caches.clear()
    log = []
    Date.now = machineNow
    if (!redis) await warmUp(setup.redisUrl)
    redis = connectCache(setup.redisUrl)
    loads.texts = textsIn(db, setup.table, prefix)
    // So that the connections exist before a test begins.
    await retryUntilDone(() => redis?.exists('connected'))
    await retryUntilDone(() => loads.texts.read('connected', AbortSignal.timeout(5_000)))
  },
  /**
   * Opens a cache. `field` is the field of the value that this release of the program stores the text in. Without `many`
   * the cache has no loadMany.
   */
  async open({
    cache,
    options = {},
    field = 'text',
    many = true,
  }: {
    cache: string
    options?: Options
    field?: string
    many?: boolean
  }) {
    if (!redis) await methods.reset()
    const { load, loadMany } = loads.create(field)
    const onEvent = (event: CacheEvent) => {
      if (event.type !== 'hit') log.push({ ...event, at: sharedNow() })
    }
    const own = { redis: redis as Redis | Cluster, name: cache, load, onEvent, ...(many && { loadMany }) }
    caches.set(cache, createCacheAside<unknown>({ ...own, ...options }))
  },
  /** Gets an id. Sends `begun` when all callers have begun, and an event for each answer. Returns all answers. */
  async get({ cache, id, callers = 1, budgetMs, at }: GetRequest) {
    await sleepUntil(at)
    const gets = Array.from({ length: callers }, async (): Promise<Answer> => {
      const answer = await getOne(cache, id, budgetMs)
      sendEvent<Event>({ type: 'answer', answer })
      return answer
    })
    sendEvent<Event>({ type: 'begun' })
    return Promise.all(gets)
  },
  async getMany({ cache, ids, budgetMs, at }: GetManyRequest) {
    await sleepUntil(at)
    const start = sharedNow()
    const results = await findCache(cache).getMany(ids, budgetMs === undefined ? {} : { budgetMs })
    return results.map((result, index) => toAnswer(ids[index] ?? '', start, result))
  },
  /** Gets the ids in turn, one every `everyMs`, each with its own call. Returns all answers. */
  async watch({ cache, ids, ms, everyMs = 10 }: WatchRequest) {
    const answers: Promise<Answer>[] = []
    const end = sharedNow() + ms
    for (let turn = 0; sharedNow() < end; turn++) {
      answers.push(getOne(cache, ids[turn % ids.length] ?? ''))
      await sleep(everyMs)
    }
    return Promise.all(answers)
  },
  /** Gets the list, and again `everyMs` after each answer. Returns all answers. */
  async watchMany({ cache, ids, ms, everyMs = 10 }: WatchRequest) {
    const answers: Answer[] = []
    for (const end = sharedNow() + ms; sharedNow() < end; await sleep(everyMs))
      answers.push(...(await methods.getMany({ cache, ids })))
    return answers
  },
  /**
   * Gets an id whose value ends every `everyMs`, with eight callers, alone and in lists, for `periods` periods.
   *
   * @returns how many answers came within a quarter of a period of each end, and up to five of the answers that, by this
   *   process's clock, were wrong during their whole call
   */
  async getAroundEnds({
    cache,
    id,
    everyMs,
    periods,
  }: {
    cache: string
    id: string
    everyMs: number
    periods: number
  }) {
    const first = Math.floor(Date.now() / everyMs) + 1
    const counts = Array.from({ length: periods }, () => 0)
    const wrong: unknown[] = []
    const runCaller = async (caller: number) => {
      for (;;) {
        const before = Date.now()
        if (before > (first + periods - 0.5) * everyMs) return
        const { get, getMany } = findCache(cache)
        const result = await (caller % 2 ? get(id) : getMany([id]).then(([one]) => one))
        const after = Date.now()
        const period = Number((result?.value as { text: string } | undefined)?.text)
        if (
          period < Math.floor(before / everyMs) ||
          period > Math.floor(after / everyMs) ||
          Number.isNaN(period)
        )
          wrong.push({
            period,
            before,
            after,
            until: result?.until,
            status: result?.status,
            error: String(result?.error),
          })
        const end = Math.round(after / everyMs)
        if (Math.abs(after - end * everyMs) < everyMs / 4 && counts[end - first] !== undefined)
          counts[end - first] = (counts[end - first] ?? 0) + 1
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, caller) => runCaller(caller)))
    return { counts, wrong: wrong.slice(0, 5) }
  },
  /** Gets the list without sending the answers. Returns the ids without an answer. */
  async load({ cache, ids }: { cache: string; ids: string[] }) {
    const results = await findCache(cache).getMany(ids)
    return ids.filter((_, index) => results[index]?.body === undefined)
  },
  async warm({ cache, ids }: { cache: string; ids: string[] }) {
    const { filled, fresh, failed } = await findCache(cache).warm(ids)
    return { filled, fresh, failed: failed.map(({ id, error }) => ({ id, message: error.message })) }
  },
  /** Writes a text. With `hang` the write stops between commit and removal, and the process sends `committed`. */
  async write({ cache, id, text, hang }: { cache: string; id: string; text: string; hang?: boolean }) {
    const { version, invalidation } = await findCache(cache).write(id, async () => {
      const committed = await loads.texts.write(id, text)
      if (hang) {
        sendEvent<Event>({ type: 'committed' })
        await new Promise(() => {})
      }
      return committed
    })
    return { version, invalidation }
  },
  /** Invalidates all ids at the same time. */
  async invalidateAll({ cache, ids }: { cache: string; ids: string[] }) {
    return Promise.all(ids.map((id) => findCache(cache).invalidate(id)))
  },
  async invalidate({ cache, id, version }: { cache: string; id: string; version?: number }) {
    return findCache(cache).invalidate(id, version === undefined ? {} : { version })
  },
  /** Sets how loads behave, of these ids or by default of all others. */
  async behave({ ids = ['*'], ...behaviour }: { ids?: string[] } & LoadBehaviour) {
    for (const id of ids) loads.behave(id, behaviour)
  },
  /** Makes loads wait between reading and returning, until `release`. */
  async hold() {
    loads.hold()
  },
  async release() {
    loads.release()
  },
  /** Returns all events of the caches so far except hits. */
  async log() {
    return log
  },
  /** Returns the size of the heap and of the buffers after a garbage collection, in bytes. */
  async memory() {
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  },
  /** Sets the clock of this process `ahead` ms ahead of the machine's clock. */
  async setClock({ ahead }: { ahead: number }) {
    Date.now = () => machineNow() + ahead
  },
}
export type CacheMethods = typeof methods

const machineNow = Date.now
serve(methods)
