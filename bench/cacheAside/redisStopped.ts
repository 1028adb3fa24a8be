import { setTimeout as sleep } from 'node:timers/promises'
import { libraries } from './contender.ts'
import { atMost, type Measure, quantile, round } from './measured.ts'
import { withRedis } from './servers.ts'
import { withWorkers } from './worker.ts'

const limit = 15_000
const answers = 1_000

/**
 * Redis is stopped by SIGSTOP under a cache that has just answered from it: it accepts and stays silent. How long it
 * takes until the first answer, and the p99 of the following ones. A load takes no time. `aisle` goes alone; the
 * others, who mostly wait, go together, each with a Redis and a process of its own.
 */
export const measure: Measure = async (say) => {
  say('aisle')
  const aisle = await stopUnder('aisle')
  say('the six libraries, up to 30 s')
  const others = await Promise.all(libraries.map(async (name) => [name, await stopUnder(name)] as const))
  const rows = Object.fromEntries(
    [['aisle', aisle] as const, ...others].map(([name, { first, following, errors }]) => [
      name,
      {
        'first answer after, ms': first === undefined ? `> ${limit}` : round(first),
        'p99 of what followed, ms': following.length > 0 ? round(quantile(following, 0.99), 2) : '',
        answers: following.length,
        errors,
      },
    ]),
  )
  return {
    rows,
    demands: {
      // Not more than what one call may spend on Redis, and a little for the machine.
      'Redis stopped: first answer, ms': atMost(150, round(aisle.first ?? limit)),
      'Redis stopped: p99 of the next 1,000, ms': atMost(10, round(quantile(aisle.following, 0.99), 2)),
    },
  }
}

const stopUnder = (name: string) =>
  withRedis((redis) =>
    withWorkers(1, async ([worker]) => {
      if (!worker) throw new Error('No worker')
      await worker.call('open', { name, redisUrl: `${redis.url}/0` })
      await worker.call('fill', undefined)
      redis.process.kill('SIGSTOP')
      await sleep(100)
      return worker.call('outage', { limit, answers }, 2 * limit + 5_000)
    }),
  )
