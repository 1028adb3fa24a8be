import { setTimeout as sleep } from 'node:timers/promises'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { openCache } from '../contenders/aisle.ts'
import { withBefore } from './engine.ts'
import { atLeast, type Measure, median, round, roundsOf } from './measured.ts'
import { productOf } from './product.ts'
import { withRedis } from './servers.ts'

const rounds = roundsOf(15)
const sliceMs = 300
/** How often a slice may be repeated. */
const attempts = 5
const pipeline = 'bare pipeline'
const ids = Array.from({ length: 100 }, (_, n) => `p-${n}`)

/**
 * `getMany` of 100 ids that are all in the cache, against a pipeline of the very commands that it sends, as Redis
 * itself reports them.
 */
export const measure: Measure = (say) =>
  withRedis(async ({ url }) => {
    const bare = connectRedis(url)
    const load = async (id: string) => productOf(id)
    const caches = await Promise.all(
      withBefore('aisle').map(async (name) => {
        const given = { name, redisUrl: url, prefix: name.replaceAll(' ', '-'), load, ttl: 3_600_000 }
        return {
          label: name.replace('aisle', 'getMany(100)'),
          ...(await openCache({ ...given, toText: String })),
        }
      }),
    )
    try {
      // More than once: a first call that is slow on a cold machine goes past the cache and stores nothing.
      for (const { cache } of caches) for (let n = 0; n < 5; n++) await cache.getMany(ids)
      const [own] = caches
      const commands = await commandsOf(url, async () => own?.cache.getMany(ids))
      const sides: Record<string, () => Promise<string[]>> = {
        async [pipeline]() {
          const replies = (await bare.pipeline(commands).exec()) ?? []
          return replies.flatMap(([, reply]) => reply) as string[]
        },
      }
      for (const { label, cache } of caches) {
        sides[label] = async () => {
          const results = await cache.getMany(ids)
          if (!results.every(({ status }) => status.hit)) throw new NotAllHits()
          return results.map(({ body }) => body ?? '')
        }
      }
      const perSecond: Record<string, number[]> = {}
      let repeated = 0
      for (let n = -2; n < rounds; n++) {
        say(n < 0 ? 'warming' : `round ${n + 1} of ${rounds}`)
        const order = Object.entries(sides)
        for (const [side, act] of n % 2 ? order.toReversed() : order) {
          const slice = async () => {
            const begun = performance.now()
            let done = 0
            for (; performance.now() - begun < sliceMs; done++) {
              const texts = await act()
              if (texts.length !== ids.length || texts.some((text) => text.length < 2_000))
                throw new Error(`${side} gave ${texts.length} texts, some of them empty`)
            }
            return (1_000 * done) / (performance.now() - begun)
          }
          let rate: number | undefined
          for (let attempt = 1; rate === undefined; attempt++) {
            try {
              rate = await slice()
            } catch (error) {
              if (!(error instanceof NotAllHits) || attempt === attempts) throw error
              repeated++
            }
          }
          perSecond[side] ??= []
          if (n >= 0) perSecond[side].push(rate)
        }
      }
      const ratioOf = (side: string) =>
        median((perSecond[side] ?? []).map((rate, n) => rate / (perSecond[pipeline]?.[n] ?? 0)))
      return {
        rows: Object.fromEntries(
          Object.entries(perSecond).map(([side, rates]) => [
            side,
            {
              commands: side === pipeline ? `${commands.length} x ${commands[0]?.[0]}` : '',
              'calls/s': round(median(rates)),
              'to bare': round(ratioOf(side), 2),
            },
          ]),
        ),
        demands: { 'getMany(100), to a bare pipeline': atLeast(0.88, round(ratioOf('getMany(100)'), 3)) },
        notes: { 'slices repeated, since the machine stood still': repeated },
      }
    } finally {
      for (const { close } of caches) await close()
      bare.disconnect()
    }
  })

/** A batch did not come out of Redis in time, for the machine stood still. */
class NotAllHits extends Error {
  override message = 'Not all were hits'
}

/** The commands that reach the Redis at `url` during `act`. */
async function commandsOf(url: string, act: () => Promise<unknown>): Promise<string[][]> {
  const client = connectRedis(url)
  const monitor = await client.monitor()
  const commands: string[][] = []
  monitor.on('monitor', (_time: string, command: string[]) => commands.push(command))
  try {
    await act()
    await sleep(100)
    // A copy: what comes in until the monitor is gone is not of this act. Nor is the proof that Redis takes removals.
    return commands.filter(([name]) => name !== 'del')
  } finally {
    monitor.disconnect()
    client.disconnect()
  }
}
