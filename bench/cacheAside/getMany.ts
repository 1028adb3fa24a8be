import { setTimeout as sleep } from 'node:timers/promises'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../../lib/redis.ts'
import { atLeast, type Measure, median, round } from './measured.ts'
import { productOf } from './product.ts'
import { withRedis } from './servers.ts'

const rounds = 15
const sliceMs = 300
const ids = Array.from({ length: 100 }, (_, n) => `p-${n}`)

/**
 * `getMany` of 100 ids that are all in the cache, against a pipeline of the very commands that it sends, as Redis
 * itself reports them.
 */
export const measure: Measure = (say) =>
  withRedis(async ({ url }) => {
    const [redis, bare] = [connectRedis(url), connectRedis(url)]
    try {
      const cache = createCacheAside({
        redis,
        name: 'product',
        ttl: 3_600_000,
        load: async (id) => ({ value: productOf(id), version: 1 }),
      })
      // More than once: a first call that is slow on a cold machine goes past the cache and stores nothing.
      for (let n = 0; n < 5; n++) await cache.getMany(ids)
      const commands = await commandsOf(url, () => cache.getMany(ids))
      const sides = {
        async getMany() {
          const results = await cache.getMany(ids)
          if (!results.every(({ status }) => status.hit)) throw new Error('Not all were hits')
          return results.map(({ body }) => body ?? '')
        },
        async pipeline() {
          const replies = (await bare.pipeline(commands).exec()) ?? []
          return replies.flatMap(([, reply]) => reply) as string[]
        },
      }
      const perSecond = { getMany: [] as number[], pipeline: [] as number[] }
      for (let n = -2; n < rounds; n++) {
        say(n < 0 ? 'warming' : `round ${n + 1} of ${rounds}`)
        for (const side of n % 2 ? (['pipeline', 'getMany'] as const) : (['getMany', 'pipeline'] as const)) {
          const begun = performance.now()
          let done = 0
          for (; performance.now() - begun < sliceMs; done++) {
            const texts = await sides[side]()
            if (texts.length !== ids.length || texts.some((text) => text.length < 2_000))
              throw new Error(`${side} gave ${texts.length} texts, some of them empty`)
          }
          if (n >= 0) perSecond[side].push((1_000 * done) / (performance.now() - begun))
        }
      }
      const ratios = perSecond.getMany.map((rate, n) => rate / (perSecond.pipeline[n] ?? 0))
      return {
        rows: {
          'bare pipeline': {
            commands: `${commands.length} x ${commands[0]?.[0]}`,
            'calls/s': round(median(perSecond.pipeline)),
            'to bare': 1,
          },
          'getMany(100)': {
            commands: '',
            'calls/s': round(median(perSecond.getMany)),
            'to bare': round(median(ratios), 2),
          },
        },
        demands: { 'getMany(100), to a bare pipeline': atLeast(0.8, round(median(ratios), 3)) },
      }
    } finally {
      redis.disconnect()
      bare.disconnect()
    }
  })

/** The commands that reach the Redis at `url` during `act`. */
async function commandsOf(url: string, act: () => Promise<unknown>): Promise<string[][]> {
  const client = connectRedis(url)
  const monitor = await client.monitor()
  const commands: string[][] = []
  monitor.on('monitor', (_time: string, command: string[]) => commands.push(command))
  try {
    await act()
    await sleep(100)
    // A copy: what comes in until the monitor is gone is not of this act.
    return [...commands]
  } finally {
    monitor.disconnect()
    client.disconnect()
  }
}
