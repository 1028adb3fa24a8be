import { libraries } from '../support/contender.ts'
import { exactly, type Measure, type Rows } from '../support/measurement.ts'
import { withRedis } from '../support/servers.ts'
import { median, round } from '../support/statistics.ts'
import { withWorkers } from '../support/worker.ts'

const processes = 20
const callers = 10
const loadMs = 50
const trials = 3

/** Counts the database reads when 200 callers in 20 processes ask at the same time for one id that is not in the cache. */
export const measure: Measure = (report) =>
  withRedis((redis) =>
    withWorkers(processes, async (workers) => {
      const rows: Rows = {}
      const worst: Record<string, number> = {}
      for (const [at, name] of ['aisle', ...libraries].entries()) {
        report(name)
        await Promise.all(
          workers.map((worker) => worker.call('open', { name, redisUrl: `${redis.url}/${at}`, loadMs })),
        )
        const loads: number[] = []
        const times: number[] = []
        for (let trial = 0; trial < trials; trial++) {
          const burst = { id: `cold-${trial}`, callers, at: Date.now() + 200 }
          const answers = await Promise.all(workers.map((worker) => worker.call('burst', burst)))
          loads.push(answers.reduce((sum, answer) => sum + answer.loads, 0))
          times.push(Math.max(...answers.map(({ ms }) => ms)))
        }
        worst[name] = Math.max(...loads)
        rows[name] = { 'database reads': loads.join(', '), 'last answer after, ms': round(median(times)) }
      }
      return {
        rows,
        demands: { 'database reads for 200 callers in 20 processes': exactly(1, worst.aisle ?? Number.NaN) },
      }
    }),
  )
