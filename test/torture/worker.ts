import { setTimeout as sleep } from 'node:timers/promises'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectDynamoDB } from '../../lib/dynamodb.ts'
import { connectRedis } from '../../lib/redis.ts'
import { serve, setupOf, tell } from '../support/serve.ts'
import { type Text, textsIn } from '../support/texts.ts'
import { type Operation, recorded } from './history.ts'
import { numbersFrom } from './numbers.ts'
import { options } from './options.ts'
import { type Sabotage, sabotage } from './sabotage.ts'

/** One process of the torture test: reads and writes a few hot ids for as long as it is asked to. */
export interface Setup {
  redisUrl: string
  dynamodbEndpoint: string
  table: string
  seed: string
  /** Names this process in the history. */
  process: string
  /** By how much this process' clock is wrong, ms. */
  clockAhead: number
  /** What is broken on purpose, to show that the checker finds it. */
  sabotage?: Sabotage
}

/** How many things this process does at the same time. */
const loops = 3
const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const setup = setupOf<Setup>()
const random = numbersFrom(`${setup.seed} ${setup.process}`)
const machineNow = Date.now
Date.now = () => machineNow() + setup.clockAhead

const redis = connectRedis(setup.redisUrl)
const texts = textsIn(connectDynamoDB(setup.dynamodbEndpoint), setup.table)
/** Some loads are slow, and a few outlive their lease. */
const dawdle = async () => {
  if (random() < 0.15) await sleep(random() * options.leaseMs * 1.3)
}
const sound = createCacheAside<Text>({
  redis,
  name: 'text',
  ...options,
  async load(id, { signal }) {
    const found = await texts.read(id, signal)
    await dawdle()
    return found
  },
  async loadMany(wanted, { signal }) {
    const found = await texts.readMany(wanted, signal)
    await dawdle()
    return found
  },
})

let batch: Operation[] = []
const newest = new Map<string, number>()
const cache = recorded(sabotage(setup.sabotage, sound, redis), texts, setup.process, (operation) => {
  batch.push(operation)
  if ('version' in operation && operation.version !== undefined) newest.set(operation.id, operation.version)
})
function flush(): void {
  tell<Operation[]>(batch)
  batch = []
}

async function act(): Promise<void> {
  const dice = random()
  // The first are asked for most, the last live long enough to go stale.
  const id = ids[Math.floor(random() ** 2 * ids.length)] ?? 'a'
  if (dice < 0.6) return cache.get(id)
  if (dice < 0.75) return cache.getMany(ids.filter(() => random() < 0.6))
  if (dice < 0.95) return cache.write(id, { remove: random() < 0.1 })
  // One that names a version is what the table's stream will deliver.
  return cache.invalidate(id, random() < 0.5 ? newest.get(id) : undefined)
}

let stopped = false
const methods = {
  /** Reads and writes until `stop`. */
  async run() {
    const flushing = setInterval(flush, 50)
    const loop = async () => {
      while (!stopped) {
        await act()
        await sleep(random() * 30)
      }
    }
    await Promise.all(Array.from({ length: loops }, loop))
    clearInterval(flushing)
    flush()
  },
  async stop() {
    stopped = true
  },
}
export type TortureMethods = typeof methods

serve(methods)
