import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { serve } from '../../test/support/serve.ts'
import { libraries } from '../support/contender.ts'
import { callGet, callGetMany, callTimeoutMs, notAsked, type Outcome, withTimeout } from './calls.ts'
import { now } from './clock.ts'
import { type Behaviour, Database } from './database.ts'
import { type Lifetimes, openAisle, openLibrary, type RowCache } from './rowCache.ts'

let cache: RowCache
let database = new Database()
let events: string[] = []

interface Open {
  name: string
  redisUrl: string
  lifetimes: Lifetimes
}

interface Get {
  id: string
  callers?: number
  /** When the callers ask, by `now`. @default at once */
  at?: number
  budgetMs?: number
}

interface ReadFor {
  ids: string[]
  ms: number
  pauseMs: number
  callers?: number
}

interface ReadTimes {
  ids: string[]
  count: number
  pauseMs: number
  asList?: boolean
}

/** The methods of a process that shares a Redis with others. ./testbed.ts calls them. */
const methods = {
  async open({ name, redisUrl, lifetimes }: Open) {
    const opened = new Database()
    database = opened
    cache = libraries.includes(name)
      ? await openLibrary(name, redisUrl, opened, lifetimes)
      : await openAisle(name, redisUrl, opened, lifetimes, ({ type, ...event }) => {
          events.push(type === 'breaker' && 'state' in event ? `${type} ${event.state}` : type)
        })
    // Connects to every shard of a cluster, and makes each shard load the scripts.
    for (let n = 0; n < 12; n++) await withTimeout(cache.get(`known-${n}-by-${process.pid}`))
    opened.loads.length = 0
    events = []
  },

  async setBehaviour(behaviour: Behaviour) {
    database.behaviour = behaviour
  },

  async setVersion({ id, version }: { id: string; version: number }) {
    database.set(id, version)
  },

  /** Reads one id for several callers at the same time. */
  async get({ id, callers = 1, at, budgetMs }: Get) {
    if (at !== undefined) await sleep(Math.max(0, at - now()))
    return Promise.all(Array.from({ length: callers }, () => callGet(cache, id, budgetMs)))
  },

  async getMany({ ids, at }: { ids: string[]; at?: number }) {
    if (at !== undefined) await sleep(Math.max(0, at - now()))
    return callGetMany(cache, ids)
  },

  /** Reads these ids in turn for `ms` milliseconds. Each caller pauses between two reads. */
  async readFor({ ids, ms, pauseMs, callers = 1 }: ReadFor) {
    const outcomes: Outcome[] = []
    const end = now() + ms
    const caller = async () => {
      while (now() < end) {
        outcomes.push(await callGet(cache, ids[outcomes.length % ids.length] ?? ''))
        if (pauseMs > 0) await sleep(pauseMs)
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return outcomes
  },

  /** Reads `count` times, with a pause between two reads: these ids in turn, or all of them as a list. */
  async readTimes({ ids, count, pauseMs, asList = false }: ReadTimes) {
    const outcomes: Outcome[] = []
    const end = now() + callTimeoutMs
    for (let n = 0; n < count; n++) {
      const id = ids[n % ids.length] ?? ''
      // Reads that hang leave no time for the rest, and those are not hits either.
      if (now() > end) outcomes.push(...(asList ? ids : [id]).map((each) => notAsked(each)))
      else if (asList) outcomes.push(...(await callGetMany(cache, ids)))
      else outcomes.push(await callGet(cache, id))
      if (now() <= end) await sleep(pauseMs)
    }
    return outcomes
  },

  async write({ id, version }: { id: string; version: number }) {
    const commit = async () => {
      database.set(id, version)
      return version
    }
    return withTimeout(cache.write(id, commit)).catch(String)
  },

  async invalidate({ id, version }: { id: string; version?: number }) {
    return withTimeout(cache.invalidate(id, version)).catch(String)
  },

  /** Returns what the process has loaded, and which events its cache has reported. */
  async report() {
    return { loads: database.loads, events }
  },

  /** Returns the memory in the heap and outside it after a garbage collection, bytes. */
  async memory() {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    for (let n = 0; n < 3; n++) collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  },
}
export type ProcessMethods = typeof methods

// A library may reject a promise that its caller cannot see. The measurement goes on.
process.on('unhandledRejection', () => {})
serve(methods)
