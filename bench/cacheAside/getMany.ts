import { setTimeout as sleep } from 'node:timers/promises'
import { connectRedis } from '../../test/support/connectRedis.ts'
import { openCache } from '../contenders/aisle.ts'
import { withBefore } from '../support/checkouts.ts'
import { atLeast, type Measure, roundsOf } from '../support/measurement.ts'
import { productOf } from '../support/product.ts'
import { withRedis } from '../support/servers.ts'
import { median, round } from '../support/statistics.ts'

const rounds = roundsOf(15)
const sliceMs = 300
/** How often a slice is measured at most, until it counts. */
const attempts = 5
const pipeline = 'bare pipeline'
const ids = Array.from({ length: 100 }, (_, n) => `p-${n}`)

/** Reads all ids and returns their texts. */
type ReadAll = () => Promise<string[]>

/**
 * Compares `getMany` of 100 ids, all hits, with a pipeline of the same commands. Redis itself reports which commands
 * `getMany` sends.
 */
export const measure: Measure = (report) =>
  withRedis(async ({ url }) => {
    const bare = connectRedis(url)
    const caches = await Promise.all(withBefore('aisle').map((name) => openLabelled(name, url)))
    try {
      // More than once: on a cold machine the first call may be slow, go past the cache and store nothing.
      for (const { cache } of caches) for (let n = 0; n < 5; n++) await cache.getMany(ids)
      const [first] = caches
      const commands = await commandsOf(url, async () => first?.cache.getMany(ids))
      const readers: Record<string, ReadAll> = {
        async [pipeline]() {
          const replies = (await bare.pipeline(commands).exec()) ?? []
          return replies.flatMap(([, reply]) => reply) as string[]
        },
      }
      for (const { label, cache } of caches) {
        readers[label] = async () => {
          const results = await cache.getMany(ids)
          if (!results.every(({ status }) => status.hit)) throw new NotAllHits()
          return results.map(({ body }) => body ?? '')
        }
      }
      const perSecond: Record<string, number[]> = {}
      let repeated = 0
      for (let n = -2; n < rounds; n++) {
        report(n < 0 ? 'warming' : `round ${n + 1} of ${rounds}`)
        const order = Object.entries(readers)
        for (const [name, readAll] of n % 2 ? order.toReversed() : order) {
          const slice = await measureSlice(name, readAll)
          repeated += slice.repeated
          perSecond[name] ??= []
          if (n >= 0) perSecond[name].push(slice.perSecond)
        }
      }
      const ratioOf = (name: string) =>
        median((perSecond[name] ?? []).map((rate, n) => rate / (perSecond[pipeline]?.[n] ?? 0)))
      return {
        rows: Object.fromEntries(
          Object.entries(perSecond).map(([name, rates]) => [
            name,
            {
              commands: name === pipeline ? `${commands.length} x ${commands[0]?.[0]}` : '',
              'calls/s': round(median(rates)),
              'to bare': round(ratioOf(name), 2),
            },
          ]),
        ),
        demands: { 'getMany(100), to a bare pipeline': atLeast(0.88, round(ratioOf('getMany(100)'), 3)) },
        notes: { 'slices repeated, because the machine stalled': repeated },
      }
    } finally {
      for (const { close } of caches) await close()
      bare.disconnect()
    }
  })

/** Opens the cache of a contender, with the label of its row. */
async function openLabelled(name: string, redisUrl: string) {
  const opened = await openCache({
    ...{ name, redisUrl, prefix: name.replaceAll(' ', '-'), ttl: 3_600_000, toText: String },
    load: async (id) => productOf(id),
  })
  return { label: name.replace('aisle', 'getMany(100)'), ...opened }
}

/** Returns the calls per second of one slice, and how often the slice was repeated because not all ids were hits. */
async function measureSlice(name: string, readAll: ReadAll) {
  for (let attempt = 1; ; attempt++) {
    try {
      const begun = performance.now()
      let done = 0
      for (; performance.now() - begun < sliceMs; done++) {
        const texts = await readAll()
        if (texts.length !== ids.length || texts.some((text) => text.length < 2_000))
          throw new Error(`${name} returned ${texts.length} texts for ${ids.length} ids, or an empty one`)
      }
      return { perSecond: (1_000 * done) / (performance.now() - begun), repeated: attempt - 1 }
    } catch (error) {
      if (!(error instanceof NotAllHits) || attempt === attempts) throw error
    }
  }
}

/** The machine stalled, and some ids did not come from Redis in time. */
class NotAllHits extends Error {
  override message = 'Not all ids were hits'
}

/** Returns the commands that reach the Redis at `url` during `act`, without the proofs that Redis accepts removals. */
async function commandsOf(url: string, act: () => Promise<unknown>): Promise<string[][]> {
  const client = connectRedis(url)
  const monitor = await client.monitor()
  const commands: string[][] = []
  monitor.on('monitor', (_time: string, command: string[]) => commands.push(command))
  try {
    await act()
    await sleep(100)
    // A copy, because more commands may arrive until the monitor is disconnected.
    return commands.filter(([name]) => name !== 'del')
  } finally {
    monitor.disconnect()
    client.disconnect()
  }
}
