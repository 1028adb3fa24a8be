import { withBefore } from '../cacheAside/engine.ts'
import { atLeast, type Measure, round, roundsOf } from '../cacheAside/measured.ts'
import { Race } from '../cacheAside/race.ts'
import { withRedis } from '../cacheAside/servers.ts'
import { withWorkers } from '../cacheAside/worker.ts'
import { withPipe } from './output.ts'

const rounds = roundsOf(21)
const ms = 200
const warmUpMs = 800
const bare = 'bare GET'
const whole = 'getProduct handler'

/**
 * A hit through the whole handler: an event in, an answer out, a line of log into a pipe as on Lambda. Each contender is
 * a process of its own; in each round everybody has a turn, alone, and is compared with the others of the same round.
 */
export const measure: Measure = (say) => {
  const names = [bare, ...withBefore('aisle', whole)]
  return withPipe((log) =>
    withRedis((redis) =>
      withWorkers(
        names.length,
        async (workers) => {
          const racers = workers.map((worker, at) => ({ worker, name: names[at] ?? '' }))
          for (const [at, { name, worker }] of racers.entries()) {
            say(`warming ${name}`)
            await worker.call('open', { name, redisUrl: `${redis.url}/${at}` })
            await worker.call('fill', undefined)
            await worker.call('slice', { concurrency: 32, ms: warmUpMs })
            await worker.call('slice', { concurrency: 1, ms: warmUpMs / 2 })
          }
          const at1 = await Race.run(racers, [redis.url], { concurrency: 1, rounds, ms, say })
          const at32 = await Race.run(racers, [redis.url], { concurrency: 32, rounds, ms, say })
          return {
            rows: Object.fromEntries(
              names.map((name) => [
                name,
                {
                  'at 1, /s': round(at1.median(name, 'perSecond')),
                  'to bare, at 1': round(at1.ratio(name, bare), 2),
                  'at 32, /s': round(at32.median(name, 'perSecond')),
                  'to bare, at 32': round(at32.ratio(name, bare), 2),
                  'CPU at 32, us': round(at32.median(name, 'cpuMicros'), 1),
                },
              ]),
            ),
            demands: {
              'hit through the handler at 32 calls, to a bare GET': atLeast(
                0.82,
                round(at32.ratio(whole, bare), 3),
              ),
            },
            notes: { 'slices repeated, since the machine stood still': at1.repeated + at32.repeated },
          }
        },
        log,
      ),
    ),
  )
}
