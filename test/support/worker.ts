import { type CacheAside, type CacheAsideOptions, createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectDynamoDB } from '../../lib/dynamodb.ts'
import { connectRedis } from '../../lib/redis.ts'
import { sharedNow } from './clock.ts'
import { serve, setupOf, tell } from './serve.ts'
import { textsIn } from './texts.ts'

/** A process with caches of texts, as another Lambda sandbox has them. Started by ./workers.ts. */
export interface Setup {
  redisUrl: string
  dynamodbEndpoint: string
  table: string
}

/** What this process tells: `load` when a load has read, and begins to wait where it is held. Times by `sharedNow`. */
export type Event =
  | { type: 'begun' | 'committed' }
  | { type: 'load'; id: string; at: number }
  | { type: 'answer'; answer: Answer }

export interface Answer {
  value: unknown
  version: number
  age: number
  status: Record<string, unknown>
  at: number
}

/** The options that can pass between processes. */
type Options = Omit<CacheAsideOptions<unknown>, 'redis' | 'name' | 'load' | 'loadMany' | 'onEvent'>

const setup = setupOf<Setup>()
const redis = connectRedis(setup.redisUrl)
const texts = textsIn(connectDynamoDB(setup.dynamodbEndpoint), setup.table)
const caches = new Map<string, CacheAside<unknown>>()
let holding: PromiseWithResolvers<void> | undefined

function cacheOf(name: string): CacheAside<unknown> {
  const cache = caches.get(name)
  if (!cache) throw new Error(`No cache ${name} is open`)
  return cache
}

const methods = {
  /** Makes a cache. `field` is where this release of the program keeps the text in its value. */
  async open({ cache, options, field = 'text' }: { cache: string; options: Options; field?: string }) {
    const load = async (id: string, { signal }: { signal: AbortSignal }) => {
      const found = await texts.read(id, signal)
      tell<Event>({ type: 'load', id, at: sharedNow() })
      await holding?.promise
      return found && { ...found, value: found.value && { [field]: found.value.text } }
    }
    caches.set(cache, createCacheAside<unknown>({ redis, name: cache, load, ...options }))
    // So that a client which only just connects is none of a test's circumstances.
    await redis.ping()
  },
  /** The answers to `callers` gets at the same time. Tells `begun` when all have begun, and each `answer` when it is there. */
  async get({ cache, id, callers = 1 }: { cache: string; id: string; callers?: number }) {
    const gets = Array.from({ length: callers }, async (): Promise<Answer> => {
      const { value, version, age, status } = await cacheOf(cache).get(id)
      const answer = { value, version, age, status: { ...status }, at: sharedNow() }
      tell<Event>({ type: 'answer', answer })
      return answer
    })
    tell<Event>({ type: 'begun' })
    return Promise.all(gets)
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
  async invalidate({ cache, id, version }: { cache: string; id: string; version?: number }) {
    return cacheOf(cache).invalidate(id, version === undefined ? {} : { version })
  },
  /** From now on loads wait between reading and returning, until `release`. */
  async hold() {
    holding ??= Promise.withResolvers<void>()
  },
  async release() {
    holding?.resolve()
    holding = undefined
  },
  /** Sets this process' clock, in milliseconds from what the machine's says. */
  async setClock({ ahead }: { ahead: number }) {
    Date.now = () => machineNow() + ahead
  },
}
export type CacheMethods = typeof methods

const machineNow = Date.now
serve(methods)
