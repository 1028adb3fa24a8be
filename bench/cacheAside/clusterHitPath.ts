import calculateSlot from 'cluster-key-slot'
import { beforeSuffix, withBefore } from '../support/checkouts.ts'
import { raceHits, rateRow, repeatedSlices } from '../support/hitRates.ts'
import { atLeast, type Measure, roundsOf } from '../support/measurement.ts'
import type { Racer } from '../support/race.ts'
import { openFilled, warmUp } from '../support/racers.ts'
import { withCluster } from '../support/servers.ts'
import { round } from '../support/statistics.ts'
import { type Worker, withWorkers } from '../support/worker.ts'

const rounds = roundsOf(21)
const bare = 'bare GET'
const pipelined = 'bare GET, auto-pipelined'
/** Ends the name of a contender that reads ids of the first two shards only. */
const twoShards = ', two shards asked'
/** Ends the name of a contender that does the same while the third shard hangs. */
const thirdAway = ', the third away'

const ids = Array.from({ length: 1_000 }, (_, n) => `p-${n}`)
/** Returns whether an id is on the third shard. The slots of the third master begin at 10,923. */
const isOnThird = (id: string) => calculateSlot(`{${id}}`) > 10_922
const living = ids.filter((id) => !isOnThird(id))
const dead = ids.filter(isOnThird)

/**
 * Measures how fast each contender returns the response text of a product of 2.5 KB through `Redis.Cluster`, from three
 * masters on this machine. Then the same for ids of two of the three shards: from that cluster, and from another cluster
 * whose third master is stopped by SIGSTOP. The contenders have already noticed that the shard does not answer.
 */
export const measure: Measure = (report) => {
  const aisle = withBefore('aisle')
  const entrants = [
    ...[bare, pipelined, ...aisle].map((contender) => ({ contender, suffix: '' })),
    ...aisle.map((contender) => ({ contender, suffix: twoShards })),
    ...aisle.map((contender) => ({ contender, suffix: thirdAway })),
  ]
  return withCluster((healthy) =>
    withCluster((degraded) =>
      withWorkers(entrants.length, async (workers) => {
        const racers = entrants.map(({ contender, suffix }, at) => ({
          ...{ contender, suffix, name: contender + suffix },
          worker: workers[at] as Worker,
        }))
        for (const [at, { contender, name, suffix, worker }] of racers.entries()) {
          report(`filling for ${name}`)
          const { url } = suffix === thirdAway ? degraded : healthy
          await openFilled(worker, { name: contender, redisUrl: url, prefix: `bench-${at}` })
          if (suffix !== '') await worker.call('restrictTo', { only: living })
        }
        degraded.masters[2]?.process.kill('SIGSTOP')
        for (const racer of racers) {
          if (racer.suffix !== thirdAway) continue
          report(`${racer.name}: waiting until it notices the outage`)
          await noticeOutage(racer)
        }
        for (const { name, worker } of racers) {
          report(`warming ${name}`)
          await warmUp(worker)
        }
        const servers = [...healthy.masters, ...degraded.masters.slice(0, 2)].map(({ url }) => url)
        const rates = await raceHits(racers, servers, { rounds, report })
        const toHealthy = (contender: string) =>
          round(rates.at32.ratio(contender + thirdAway, contender + twoShards), 3)
        return {
          rows: Object.fromEntries(racers.map(({ name }) => [name, rateRow(rates, name, bare)])),
          demands: {
            'hit through Redis.Cluster at 32 callers, to its bare GET': atLeast(
              1,
              round(rates.at32.ratio('aisle', bare), 3),
            ),
            'hit at 32 callers with one shard away, to a healthy cluster': atLeast(0.9, toHealthy('aisle')),
          },
          notes: {
            ...Object.fromEntries(
              aisle
                .filter((name) => name.endsWith(beforeSuffix))
                .map((name) => [`${name}, one shard away, to a healthy cluster`, toHealthy(name)]),
            ),
            ...repeatedSlices(rates.at1, rates.at32),
          },
        }
      }),
    ),
  )
}

/**
 * Reads ids of the stopped shard until the contender knows that the shard does not answer.
 *
 * @throws {Error} if the contender has a hit on that shard
 */
async function noticeOutage({ name, worker }: Racer): Promise<void> {
  const [first, next] = [dead.slice(0, 10), dead.slice(10, 20)]
  await worker.call('countLoads', { some: first })
  const loads = await worker.call('countLoads', { some: next })
  if (loads < next.length)
    throw new Error(`${name} had ${next.length - loads} hits on a shard that is stopped`)
}
