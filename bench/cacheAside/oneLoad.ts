import { libraries } from './contender.ts'
import { exactly, type Measure, median, round } from './measured.ts'
import { withRedis } from './servers.ts'
import { withWorkers } from './worker.ts'

const processes = 20
const callers = 10
const loadMs = 50
const colds = 3

/** How many times the database is read for 200 callers in 20 processes who ask at once for one id that is not there. */
export const measure: Measure = (say) =>
  withRedis((redis) =>
    withWorkers(processes, async (workers) => {
      const rows: Awaited<ReturnType<Measure>>['rows'] = {}
      const worst: Record<string, number> = {}
      for (const [at, name] of ['aisle', ...libraries].entries()) {
        say(name)
        await Promise.all(
          workers.map((worker) => worker.call('open', { name, redisUrl: `${redis.url}/${at}`, loadMs })),
        )
        const loads: number[] = []
        const times: number[] = []
        for (let cold = 0; cold < colds; cold++) {
          const all = { id: `cold-${cold}`, callers, at: Date.now() + 200 }
          const answers = await Promise.all(workers.map((worker) => worker.call('burst', all)))
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
