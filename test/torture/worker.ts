import { setTimeout as sleep } from 'node:timers/promises'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { putClockAhead } from '../support/clock.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { readSetup, sendEvent, serve } from '../support/serve.ts'
import { type Text, textsIn } from '../support/texts.ts'
import type { SlowControl } from './circumstances.ts'
import { watchControls } from './controls.ts'
import { type CacheName, caches, type Operation } from './history.ts'
import { busy, lifetimes, pulse, quiet } from './options.ts'
import { recordCache, recordEvents, recordLoad } from './recordCache.ts'
import { type Sabotage, sabotage, sabotageLoad } from './sabotage.ts'
import { seededRandom } from './seededRandom.ts'

// One process of the torture test. It reads and writes a few ids until the starter stops it.

export interface Setup {
  redisUrl: string
  dynamodbEndpoint: string
  table: string
  seed: string
  /** The name of this process in the history. */
  process: string
  /** How far this process' clock is ahead, ms; below zero if it is behind. */
  clockAhead: number
  /** The process writes nothing. */
  readsOnly?: boolean
  /** What is broken on purpose, to show that the checker finds it. */
  sabotage?: Sabotage
}

/** What a process sends to its starter at intervals. */
export interface Report {
  operations: Operation[]
  slowControls: SlowControl[]
}

/** How many calls this process makes at the same time. */
const loops = 4
/** The share of loads that are slow, and the longest that one takes, ms: longer than a load may take. */
const slow = { share: 0.04, ms: 3_000 }
/** The share of loads that fail, and the longest that one takes to fail, ms. */
const failing = { share: 0.03, ms: 60 }

const setup = readSetup<Setup>()
const random = seededRandom(`${setup.seed} ${setup.process}`)
putClockAhead(setup.clockAhead)

let report: Report = { operations: [], slowControls: [] }
/** The newest known version of each id. */
const newest = new Map<string, number>()
const recorder = {
  process: setup.process,
  record(operation: Operation) {
    report.operations.push(operation)
    if ('version' in operation && operation.version !== undefined) newest.set(operation.id, operation.version)
  },
}
function flush(): void {
  sendEvent<Report>(report)
  report = { operations: [], slowControls: [] }
}

const redis = connectRedis(setup.redisUrl)
const texts = textsIn(connectDynamoDB(setup.dynamodbEndpoint), setup.table)

/** Makes some loads slow, and some fail. */
async function disturbLoad(signal: AbortSignal): Promise<void> {
  const dice = random()
  const ms = random()
  if (dice < slow.share) await sleep(ms * slow.ms, undefined, { signal })
  else if (dice < slow.share + failing.share) {
    await sleep(ms * failing.ms, undefined, { signal })
    throw new Error('The database refuses')
  }
}

function createCache(name: CacheName, client: typeof redis) {
  type Context = { signal: AbortSignal }
  async function read<T>(ids: string[], signal: AbortSignal, reads: Promise<T>): Promise<T> {
    const found = await reads
    if (!ids.includes(pulse.id)) await disturbLoad(signal)
    return found
  }
  const load = (id: string, { signal }: Context) =>
    recordLoad(name, [id], signal, () => read([id], signal, texts.read(id, signal)), recorder)
  const loadMany = (ids: string[], { signal }: Context) =>
    recordLoad(name, ids, signal, () => read(ids, signal, texts.readMany(ids, signal)), recorder)
  return createCacheAside<Text>({
    ...{ redis: client, name, ...lifetimes[name], loadMany, onEvent: recordEvents(name, recorder) },
    load: sabotageLoad(setup.sabotage, load),
  })
}

/** The caches, broken if there is a sabotage. */
const byName = Object.fromEntries(
  caches.map((name) => {
    const load = (id: string) => texts.read(id, AbortSignal.timeout(5_000))
    return [name, sabotage(setup.sabotage, createCache(name, redis), { redis, load })]
  }),
) as Record<CacheName, ReturnType<typeof createCache>>
const recordedCaches = caches.map((name) => {
  const other = caches.find((each) => each !== name)
  return recordCache(byName[name], texts, setup.process, recorder.record, {
    name,
    ...(other && { other: byName[other] }),
  })
})

const pick = <T>(list: readonly T[], place = random()): T => list[Math.floor(place * list.length)] as T

/** Makes one random call. */
async function act(): Promise<void> {
  const dice = random()
  const cache = pick(recordedCaches)
  // The first ids are read most often.
  const id = pick(random() < 0.6 ? busy : quiet, random() ** 2)
  const budget = random() < 0.5 ? {} : { budgetMs: Math.round(20 + random() ** 2 * 6_000) }
  if (dice < 0.55) return cache.get(id, budget)
  if (dice < 0.75)
    return cache.getMany(
      [...busy, ...quiet].filter(() => random() < 0.4),
      budget,
    )
  if (dice < 0.78 || setup.readsOnly) return cache.warm([...busy, ...quiet].filter(() => random() < 0.4))
  const written = random() < 0.97 ? pick(busy) : pick(quiet)
  const also = random() < 0.5
  if (dice < 0.95) return cache.write(written, { remove: random() < 0.1, also })
  // An invalidation that names a version is what the table's stream would deliver.
  const version = random() < 0.5 ? newest.get(written) : undefined
  return cache.invalidate(written, { also, ...(version !== undefined && { version }) })
}

let isStopped = false
const methods = {
  /** Reads and writes until `stop`. */
  async run() {
    const stopControls = watchControls(setup.redisUrl, setup.process, (each) =>
      report.slowControls.push(each),
    )
    const flushing = setInterval(flush, 50)
    const loop = async (does: () => Promise<unknown>, pause: () => number) => {
      while (!isStopped) {
        await does()
        await sleep(pause())
      }
    }
    const beat = loop(
      () => pick(recordedCaches).get(pulse.id, {}),
      () => pulse.everyMs,
    )
    await Promise.all([beat, ...Array.from({ length: loops }, () => loop(act, () => random() * 30))])
    clearInterval(flushing)
    stopControls()
    flush()
  },
  async stop() {
    isStopped = true
  },
}
export type TortureMethods = typeof methods

serve(methods)
