import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { serve } from '../../test/support/serve.ts'
import { libraries } from '../cacheAside/contender.ts'
import { now } from './clock.ts'
import { type Behaviour, Database } from './database.ts'
import { type Answer, type Lives, openAisle, openLibrary, type Side } from './side.ts'

/** What became of a call. */
export interface Outcome extends Partial<Answer> {
  id: string
  begun: number
  ended: number
  error?: string
}

/** No call is waited for any longer: it counts as one that hangs. Nor does a row of calls go on for longer. ms */
const patience = 8_000

let side: Side
let database = new Database()
let events: string[] = []

/** One of the processes that share a Redis: asked by ./ground.ts. */
const methods = {
  async open({ name, redisUrl, lives }: { name: string; redisUrl: string; lives: Lives }) {
    const opened = new Database()
    database = opened
    side = libraries.includes(name)
      ? await openLibrary(name, redisUrl, opened, lives)
      : await openAisle(name, redisUrl, opened, lives, ({ type, ...event }) => {
          events.push(type === 'breaker' && 'state' in event ? `${type} ${event.state}` : type)
        })
    // Connects, and has each script loaded in full: on each shard of a cluster.
    for (let n = 0; n < 12; n++) await limited(side.get(`known-${n}-by-${process.pid}`))
    opened.loads.length = 0
    events = []
  },
  async behave(behaviour: Behaviour) {
    database.behaviour = behaviour
  },
  async set({ id, version }: { id: string; version: number }) {
    database.set(id, version)
  },
  /** Some callers at once, at a time of the clock or now. */
  async get({
    id,
    callers = 1,
    at,
    budgetMs,
  }: {
    id: string
    callers?: number
    at?: number
    budgetMs?: number
  }) {
    if (at !== undefined) await sleep(Math.max(0, at - now()))
    return Promise.all(Array.from({ length: callers }, () => ask(id, budgetMs)))
  },
  async getMany({ ids, at }: { ids: string[]; at?: number }) {
    if (at !== undefined) await sleep(Math.max(0, at - now()))
    return askMany(ids)
  },
  /** Reads these ids in turn for so many ms, with a pause between two reads. */
  async read({
    ids,
    ms,
    pauseMs,
    callers = 1,
  }: {
    ids: string[]
    ms: number
    pauseMs: number
    callers?: number
  }) {
    const outcomes: Outcome[] = []
    const end = now() + ms
    const caller = async () => {
      while (now() < end) {
        outcomes.push(await ask(ids[outcomes.length % ids.length] ?? ''))
        if (pauseMs > 0) await sleep(pauseMs)
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return outcomes
  },
  /** So many reads of these ids in turn, or of all of them as a list, with a pause between two. */
  async times({
    ids,
    count,
    pauseMs,
    asList = false,
  }: {
    ids: string[]
    count: number
    pauseMs: number
    asList?: boolean
  }) {
    const outcomes: Outcome[] = []
    const end = now() + patience
    for (let n = 0; n < count; n++) {
      const id = ids[n % ids.length] ?? ''
      // What nobody came to ask, since the reads before it hung, is no hit either.
      if (now() > end) outcomes.push(...(asList ? ids : [id]).map((id) => unasked(id)))
      else if (asList) outcomes.push(...(await askMany(ids)))
      else outcomes.push(await ask(id))
      if (now() <= end) await sleep(pauseMs)
    }
    return outcomes
  },
  async write({ id, version }: { id: string; version: number }) {
    const commit = async () => {
      database.set(id, version)
      return version
    }
    return limited(side.write(id, commit)).catch(String)
  },
  async invalidate({ id, version }: { id: string; version?: number }) {
    return limited(side.invalidate(id, version)).catch(String)
  },
  /** What has been loaded, and what the cache has told. */
  async told() {
    return { loads: database.loads, events }
  },
  /** Bytes of the heap and outside it, after a garbage collection. */
  async memory() {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    for (let n = 0; n < 3; n++) collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  },
}
export type ProcessMethods = typeof methods

const unasked = (id: string): Outcome => ({ id, begun: now(), ended: now(), error: 'not asked' })

async function ask(id: string, budgetMs?: number): Promise<Outcome> {
  const begun = now()
  try {
    const answer = await limited(side.get(id, budgetMs))
    return { id, begun, ended: now(), ...answer }
  } catch (error) {
    return { id, begun, ended: now(), error: String(error) }
  }
}

async function askMany(ids: string[]): Promise<Outcome[]> {
  const begun = now()
  try {
    const answers = await limited(side.getMany(ids))
    return answers.map((answer, at) => {
      const id = ids[at] ?? ''
      return { id, begun, ended: now(), ...(answer instanceof Error ? { error: String(answer) } : answer) }
    })
  } catch (error) {
    return ids.map((id) => ({ id, begun, ended: now(), error: String(error) }))
  }
}

async function limited<T>(answer: Promise<T>): Promise<T> {
  const late = new AbortController()
  const hangs = sleep(patience, undefined, { signal: late.signal }).then(() => {
    throw new Error('hangs')
  })
  try {
    return await Promise.race([answer, hangs])
  } finally {
    hangs.catch(() => {})
    late.abort()
  }
}

// What a library throws past its callers is no answer; the measurement goes on.
process.on('unhandledRejection', () => {})
serve(methods)
