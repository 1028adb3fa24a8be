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
  type Loaded,
} from '../../lib/cacheAside/index.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { toProblem } from '../../lib/http/toProblem.ts'
import { sharedNow } from './clock.ts'
import { serve, setupOf, tell } from './serve.ts'
import { textsIn } from './texts.ts'

/** A process with caches of texts, as another Lambda sandbox has them. Started by ./fleet.ts. */
export interface Setup {
  redisUrl: string
  dynamodbEndpoint: string
  table: string
}

/**
 * What this process tells: `load` when a load has read one id, and begins to wait where it is held; `batch` the same of
 * a load of many. `failed`: it has thrown instead. Times by `sharedNow`.
 */
export type Event =
  | { type: 'begun' | 'committed' }
  | { type: 'load'; id: string; at: number; failed?: boolean }
  | { type: 'batch'; ids: string[]; at: number; failed?: boolean }
  | { type: 'answer'; answer: Answer }

export interface Answer {
  id: string
  value: unknown
  version: number
  age: number
  status: Record<string, unknown>
  /** When it came, and how long that took. */
  at: number
  took: number
  /** In place of a value; with the status of the HTTP answer that comes of it. */
  error?: { name: string; message: string; status: number }
}

/** An event of a cache, and when it came. */
export type Logged = CacheEvent & { at: number }

/** The options that can pass between processes. */
type Options = Omit<CacheAsideOptions<unknown>, 'redis' | 'name' | 'load' | 'loadMany' | 'onEvent'>

/** What a load does beside reading. */
interface Manner {
  /** So long it waits after it has read, ms. */
  slowMs?: number
  /** After so long it throws and has read nothing, ms. */
  failMs?: number
  /** What it has read is made so long. */
  chars?: number
  /** The text says instead in which period of so many ms it was read, and ends with it. */
  endsEveryMs?: number
}

const setup = setupOf<Setup>()
const db = connectDynamoDB(setup.dynamodbEndpoint)
let redis: Redis | Cluster | undefined
let texts = textsIn(db, setup.table)
const caches = new Map<string, CacheAside<unknown>>()
const manners = new Map<string, Manner>()
let log: Logged[] = []
let holding: PromiseWithResolvers<void> | undefined

function cacheOf(name: string): CacheAside<unknown> {
  const cache = caches.get(name)
  if (!cache) throw new Error(`No cache ${name} is open`)
  return cache
}

/** What all loads do that read these ids, the slowest of them; thrown where one fails. */
async function behave(ids: string[], signal: AbortSignal, read: () => Promise<void>, failed: () => void) {
  const all = ids.flatMap((id) => manners.get(id) ?? manners.get('*') ?? [])
  const failMs = all.find((each) => each.failMs !== undefined)?.failMs
  if (failMs !== undefined) {
    await sleep(failMs, undefined, { signal })
    failed()
    throw Object.assign(new Error('the database refuses'), { name: 'ThrottlingException' })
  }
  await read()
  await sleep(Math.max(0, ...all.map(({ slowMs = 0 }) => slowMs)), undefined, { signal })
  await holding?.promise
}

function lengthened(id: string, text: string): string {
  const chars = manners.get(id)?.chars ?? manners.get('*')?.chars ?? 0
  return text.padEnd(chars, 'x')
}

async function answerOf(id: string, start: number, result: CacheResult<unknown>): Promise<Answer> {
  const { value, version, age, status, error } = result
  const at = sharedNow()
  return {
    ...{ id, value, version, age, status: { ...status }, at, took: at - start },
    ...(error && { error: { name: error.name, message: error.message, status: toProblem(error).status } }),
  }
}

const errorIn = (error: unknown): CacheResult<unknown> => ({
  ...{ value: undefined, body: undefined, bytes: 0, version: 0, age: 0, status: { hit: false } },
  error: error as NonNullable<CacheResult<unknown>['error']>,
})

async function getOne(cache: string, id: string, budgetMs?: number): Promise<Answer> {
  const start = sharedNow()
  const got = cacheOf(cache).get(id, budgetMs === undefined ? {} : { budgetMs })
  return answerOf(id, start, await got.catch(errorIn))
}

/** Tries until it is done, 10 s at the most. */
async function eventually(act: () => Promise<unknown> | undefined): Promise<void> {
  const end = sharedNow() + 10_000
  for (;;) {
    try {
      await act()
      return
    } catch (error) {
      if (sharedNow() > end) throw error
      await sleep(50)
    }
  }
}

/** A process that does everything for the first time is slow, and all of them begin at once. */
async function warmUp(): Promise<void> {
  const client = connectCache(setup.redisUrl)
  await eventually(() => client.exists('connected'))
  const load = async () => ({ value: { text: 'warm' }, version: 1 })
  const cache = createCacheAside({ redis: client, name: 'warm', prefix: `warm${process.pid}`, load })
  const ids = Array.from({ length: 24 }, (_, n) => `warm${n}`)
  for (let round = 0; round < 20; round++) {
    await Promise.all(ids.map((id) => cache.get(id)))
    await cache.getMany(ids)
    await Promise.all(ids.map((id) => cache.invalidate(id)))
    await cache.getMany(ids)
  }
  for (const id of ids) await cache.invalidate(id)
  client.disconnect()
}

const until = (at?: number) => sleep(at === undefined ? 0 : Math.max(0, at - sharedNow()))

const methods = {
  /** Begins anew: a client of its own, no cache, no manners, texts of their own. */
  async reset({ prefix = '' }: { prefix?: string } = {}) {
    redis?.disconnect()
    holding?.resolve()
    holding = undefined
    caches.clear()
    manners.clear()
    log = []
    Date.now = machineNow
    if (!redis) await warmUp()
    redis = connectCache(setup.redisUrl)
    texts = textsIn(db, setup.table, prefix)
    // So that a client which only just connects is none of a test's circumstances.
    await eventually(() => redis?.exists('connected'))
    await eventually(() => texts.read('connected', AbortSignal.timeout(5_000)))
  },
  /**
   * Makes a cache. `field` is where this release of the program keeps the text in its value. Without `many` it has no
   * loadMany.
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
    const shaped = (id: string, found: Loaded<{ text: string }>) => {
      const { endsEveryMs } = manners.get(id) ?? manners.get('*') ?? {}
      if (!found || endsEveryMs === undefined)
        return found && { ...found, value: found.value && { [field]: lengthened(id, found.value.text) } }
      const period = Math.floor(Date.now() / endsEveryMs)
      return { ...found, value: { [field]: String(period) }, until: (period + 1) * endsEveryMs }
    }
    const load: CacheAsideOptions<unknown>['load'] = async (id, { signal }) => {
      let found: Loaded<unknown>
      const read = async () => {
        found = shaped(id, await texts.read(id, signal))
        tell<Event>({ type: 'load', id, at: sharedNow() })
      }
      await behave([id], signal, read, () => tell<Event>({ type: 'load', id, at: sharedNow(), failed: true }))
      return found
    }
    const loadMany: CacheAsideOptions<unknown>['loadMany'] = async (ids, { signal }) => {
      let found = new Map<string, Loaded<unknown>>()
      const read = async () => {
        const all = await texts.readMany(ids, signal)
        found = new Map([...all].map(([id, each]) => [id, shaped(id, each)]))
        tell<Event>({ type: 'batch', ids, at: sharedNow() })
      }
      await behave(ids, signal, read, () =>
        tell<Event>({ type: 'batch', ids, at: sharedNow(), failed: true }),
      )
      return found
    }
    const onEvent = (event: CacheEvent) => {
      if (event.type !== 'hit') log.push({ ...event, at: sharedNow() })
    }
    const made = { redis: redis as Redis | Cluster, name: cache, load, onEvent, ...(many && { loadMany }) }
    caches.set(cache, createCacheAside<unknown>({ ...made, ...options }))
  },
  /**
   * The answers to `callers` gets at the same time. Tells `begun` when all have begun, and each `answer` when it is there.
   *
   * @param at when to begin, by `sharedNow`
   */
  async get({
    cache,
    id,
    callers = 1,
    budgetMs,
    at,
  }: {
    cache: string
    id: string
    callers?: number
    budgetMs?: number
    at?: number
  }) {
    await until(at)
    const gets = Array.from({ length: callers }, async (): Promise<Answer> => {
      const answer = await getOne(cache, id, budgetMs)
      tell<Event>({ type: 'answer', answer })
      return answer
    })
    tell<Event>({ type: 'begun' })
    return Promise.all(gets)
  },
  async getMany({
    cache,
    ids,
    budgetMs,
    at,
  }: {
    cache: string
    ids: string[]
    budgetMs?: number
    at?: number
  }) {
    await until(at)
    const start = sharedNow()
    const results = await cacheOf(cache).getMany(ids, budgetMs === undefined ? {} : { budgetMs })
    return Promise.all(results.map((result, index) => answerOf(ids[index] ?? '', start, result)))
  },
  /** Gets these ids in turn, one each `everyMs`, each on its own, for so long; and all answers. */
  async watch({
    cache,
    ids,
    ms,
    everyMs = 10,
  }: {
    cache: string
    ids: string[]
    ms: number
    everyMs?: number
  }) {
    const answers: Promise<Answer>[] = []
    const end = sharedNow() + ms
    for (let turn = 0; sharedNow() < end; turn++) {
      answers.push(getOne(cache, ids[turn % ids.length] ?? ''))
      await sleep(everyMs)
    }
    return Promise.all(answers)
  },
  /** Gets this list, again each `everyMs` after its answer, for so long; and all answers. */
  async watchMany({
    cache,
    ids,
    ms,
    everyMs = 10,
  }: {
    cache: string
    ids: string[]
    ms: number
    everyMs?: number
  }) {
    const answers: Answer[] = []
    for (const end = sharedNow() + ms; sharedNow() < end; await sleep(everyMs))
      answers.push(...(await methods.getMany({ cache, ids })))
    return answers
  },
  /**
   * Gets an id that ends every `everyMs`, alone and in lists, by eight callers, until so many periods are over.
   *
   * @returns how many answers came within a quarter of a period around each end; and those that were wrong, by this
   *   process' clock, at every moment of their call
   */
  async getAround({
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
    const ask = async (caller: number) => {
      for (;;) {
        const before = Date.now()
        if (before > (first + periods - 0.5) * everyMs) return
        const { get, getMany } = cacheOf(cache)
        const result = await (caller % 2 ? get(id) : getMany([id]).then(([one]) => one))
        const after = Date.now()
        const said = Number((result?.value as { text: string } | undefined)?.text)
        if (said < Math.floor(before / everyMs) || said > Math.floor(after / everyMs) || Number.isNaN(said))
          wrong.push({
            said,
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
    await Promise.all(Array.from({ length: 8 }, (_, caller) => ask(caller)))
    return { counts, wrong: wrong.slice(0, 5) }
  },
  /** Gets this list and keeps the answers to itself; and the ids that had none. */
  async load({ cache, ids }: { cache: string; ids: string[] }) {
    const results = await cacheOf(cache).getMany(ids)
    return ids.filter((_, index) => results[index]?.body === undefined)
  },
  async warm({ cache, ids }: { cache: string; ids: string[] }) {
    const { filled, fresh, failed } = await cacheOf(cache).warm(ids)
    return { filled, fresh, failed: failed.map(({ id, error }) => ({ id, message: error.message })) }
  },
  /** Writes a text. With `hang` the process stops between commit and removal, and tells `committed`. */
  async write({ cache, id, text, hang }: { cache: string; id: string; text: string; hang?: boolean }) {
    const { version, invalidation } = await cacheOf(cache).write(id, async () => {
      const committed = await texts.write(id, text)
      if (hang) {
        tell<Event>({ type: 'committed' })
        await new Promise(() => {})
      }
      return committed
    })
    return { version, invalidation }
  },
  /** Invalidates all of them at the same moment. */
  async invalidateAll({ cache, ids }: { cache: string; ids: string[] }) {
    return Promise.all(ids.map((id) => cacheOf(cache).invalidate(id)))
  },
  async invalidate({ cache, id, version }: { cache: string; id: string; version?: number }) {
    return cacheOf(cache).invalidate(id, version === undefined ? {} : { version })
  },
  /** From now on loads of these ids, or of all, behave so. */
  async behave({ ids = ['*'], ...manner }: { ids?: string[] } & Manner) {
    for (const id of ids) manners.set(id, manner)
  },
  /** From now on loads wait between reading and returning, until `release`. */
  async hold() {
    holding ??= Promise.withResolvers<void>()
  },
  async release() {
    holding?.resolve()
    holding = undefined
  },
  /** What the caches have told so far, but for hits. */
  async log() {
    return log
  },
  /** Bytes of the heap and of buffers, after everything that can be given back was. */
  async memory() {
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  },
  /** Sets this process' clock, in milliseconds from what the machine's says. */
  async setClock({ ahead }: { ahead: number }) {
    Date.now = () => machineNow() + ahead
  },
}
export type CacheMethods = typeof methods

const machineNow = Date.now
serve(methods)
