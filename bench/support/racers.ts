import type { Racer } from './race.ts'
import { withRedis } from './servers.ts'
import { type Worker, withWorkers } from './worker.ts'

const warmUpMs = 800

/**
 * Runs `use` with contenders that are ready to race. Each has a process of its own, and a database of its own in the
 * Redis at `redisUrl`. The caches are filled.
 *
 * @param output the file descriptor for the standard output of the processes. @default that of this process
 */
export const withRacers = <T>(
  names: string[],
  { report, output }: { report: (progress: string) => void; output?: number },
  use: (racers: Racer[], redisUrl: string) => Promise<T>,
): Promise<T> =>
  withRedis((redis) =>
    withWorkers(
      names.length,
      async (workers) => {
        const racers = workers.map((worker, at) => ({ worker, name: names[at] ?? '' }))
        for (const [at, { name, worker }] of racers.entries()) {
          report(`warming ${name}`)
          await openFilled(worker, { name, redisUrl: `${redis.url}/${at}` })
          await warmUp(worker)
        }
        return use(racers, redis.url)
      },
      output,
    ),
  )

/** Opens a contender in a worker and fills its cache. */
export async function openFilled(
  worker: Worker,
  contender: { name: string; redisUrl: string; prefix?: string },
): Promise<void> {
  await worker.call('open', contender)
  await worker.call('fill', undefined)
}

/** Lets a filled contender answer hits for a while, so that its code is compiled before a race. */
export async function warmUp(worker: Worker): Promise<void> {
  await worker.call('slice', { concurrency: 32, ms: warmUpMs })
  await worker.call('slice', { concurrency: 1, ms: warmUpMs / 2 })
}
