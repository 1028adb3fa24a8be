import { setTimeout as sleep } from 'node:timers/promises'
import { libraries } from '../support/contender.ts'
import { atMost, type Measure } from '../support/measurement.ts'
import { withRedis } from '../support/servers.ts'
import { quantile, round } from '../support/statistics.ts'
import { withWorkers } from '../support/worker.ts'

/** How long to wait for the first answer, ms. */
const limit = 15_000
const answers = 1_000

/**
 * Stops Redis by SIGSTOP under a cache that has just answered from it. Redis then accepts connections and stays silent.
 * Measures the time until the first answer, and the p99 of the following answers. A load takes no time. `aisle` runs
 * alone. The libraries mostly wait, so they run side by side, each with a Redis and a process of its own.
 */
export const measure: Measure = async (report) => {
  report('aisle')
  const aisle = await measureOutage('aisle')
  report('the six libraries, up to 30 s')
  const others = await Promise.all(libraries.map(async (name) => [name, await measureOutage(name)] as const))
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
      // One call spends at most `cacheTimeoutMs` on Redis. The rest is for the machine.
      'Redis stopped: first answer, ms': atMost(150, round(aisle.first ?? limit)),
      'Redis stopped: p99 of the next 1,000, ms': atMost(10, round(quantile(aisle.following, 0.99), 2)),
    },
  }
}

const measureOutage = (name: string) =>
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
