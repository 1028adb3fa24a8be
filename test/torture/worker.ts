import { setTimeout as sleep } from 'node:timers/promises'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { putClockAhead } from '../support/clock.ts'
import { serve, setupOf, tell } from '../support/serve.ts'
import { type Text, textsIn } from '../support/texts.ts'
import type { Waited } from './circumstances.ts'
import { watchControls } from './control.ts'
import { type CacheName, caches, type Operation, recorded, recordedEvents, recordedLoad } from './history.ts'
import { numbersFrom } from './numbers.ts'
import { busy, lives, pulse, quiet } from './options.ts'
import { type Sabotage, sabotage, sabotagedLoad } from './sabotage.ts'

/** One process of the torture test: reads and writes a few ids for as long as it is asked to. */
export interface Setup {
  redisUrl: string
  dynamodbEndpoint: string
  table: string
  seed: string
  /** Names this process in the history. */
  process: string
  /** By how much this process' clock is wrong, ms. */
  clockAhead: number
  /** It writes nothing. */
  readsOnly?: boolean
  /** What is broken on purpose, to show that the checker finds it. */
  sabotage?: Sabotage
}

/** What a process tells now and then. */
export interface Told {
  operations: Operation[]
  waits: Waited[]
}

/** How many things this process does at the same time. */
const loops = 4
/** Loads that are slow and loads that fail, of all of them; and how slow at the most, ms: longer than a load may take. */
const slow = { share: 0.04, ms: 3_000 }
const failing = { share: 0.03, ms: 60 }

const setup = setupOf<Setup>()
const random = numbersFrom(`${setup.seed} ${setup.process}`)
putClockAhead(setup.clockAhead)

let told: Told = { operations: [], waits: [] }
const newest = new Map<string, number>()
const recorder = {
  process: setup.process,
  record(operation: Operation) {
    told.operations.push(operation)
    if ('version' in operation && operation.version !== undefined) newest.set(operation.id, operation.version)
  },
}
function flush(): void {
  tell<Told>(told)
  told = { operations: [], waits: [] }
}

const redis = connectRedis(setup.redisUrl)
const texts = textsIn(connectDynamoDB(setup.dynamodbEndpoint), setup.table)

/** Some loads are slow, and some fail. */
async function dawdle(signal: AbortSignal): Promise<void> {
  const dice = random()
  const ms = random()
  if (dice < slow.share) await sleep(ms * slow.ms, undefined, { signal })
  else if (dice < slow.share + failing.share) {
    await sleep(ms * failing.ms, undefined, { signal })
    throw new Error('The database refuses')
  }
}

function open(name: CacheName, client: typeof redis) {
  type Context = { signal: AbortSignal }
  async function read<T>(ids: string[], signal: AbortSignal, reads: Promise<T>): Promise<T> {
    const found = await reads
    if (!ids.includes(pulse.id)) await dawdle(signal)
    return found
  }
  const load = (id: string, { signal }: Context) =>
    recordedLoad(name, [id], signal, () => read([id], signal, texts.read(id, signal)), recorder)
  const loadMany = (ids: string[], { signal }: Context) =>
    recordedLoad(name, ids, signal, () => read(ids, signal, texts.readMany(ids, signal)), recorder)
  return createCacheAside<Text>({
    ...{ redis: client, name, ...lives[name], loadMany, onEvent: recordedEvents(name, recorder) },
    load: sabotagedLoad(setup.sabotage, load),
  })
}

const sound = Object.fromEntries(
  caches.map((name) => {
    const load = (id: string) => texts.read(id, AbortSignal.timeout(5_000))
    return [name, sabotage(setup.sabotage, open(name, redis), { redis, load })]
  }),
) as Record<CacheName, ReturnType<typeof open>>
const asked = caches.map((name) => {
  const other = caches.find((each) => each !== name)
  return recorded(sound[name], texts, setup.process, recorder.record, {
    name,
    ...(other && { other: sound[other] }),
  })
})

const pick = <T>(list: readonly T[], place = random()): T => list[Math.floor(place * list.length)] as T

async function act(): Promise<void> {
  const dice = random()
  const cache = pick(asked)
  // The first are asked for most.
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
  // One that names a version is what the table's stream will deliver.
  const version = random() < 0.5 ? newest.get(written) : undefined
  return cache.invalidate(written, { also, ...(version !== undefined && { version }) })
}

let stopped = false
const methods = {
  /** Reads and writes until `stop`. */
  async run() {
    const unwatch = watchControls(setup.redisUrl, setup.process, (waited) => told.waits.push(waited))
    const flushing = setInterval(flush, 50)
    const loop = async (does: () => Promise<unknown>, pause: () => number) => {
      while (!stopped) {
        await does()
        await sleep(pause())
      }
    }
    const beat = loop(
      () => pick(asked).get(pulse.id, {}),
      () => pulse.everyMs,
    )
    await Promise.all([beat, ...Array.from({ length: loops }, () => loop(act, () => random() * 30))])
    clearInterval(flushing)
    unwatch()
    flush()
  },
  async stop() {
    stopped = true
  },
}
export type TortureMethods = typeof methods

serve(methods)
