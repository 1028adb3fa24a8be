import calculateSlot from 'cluster-key-slot'
import { beforeSuffix, withBefore } from './engine.ts'
import { atLeast, type Measure, round, roundsOf } from './measured.ts'
import { Race, type Racer } from './race.ts'
import { withCluster } from './servers.ts'
import { withWorkers } from './worker.ts'

const rounds = roundsOf(21)
const ms = 200
const warmUpMs = 800
const bare = 'bare GET'
const pipelined = 'bare GET, auto-pipelined'
const calm = ', two shards asked'
const away = ', the third away'

const ids = Array.from({ length: 1_000 }, (_, n) => `p-${n}`)
/** The third master's slots begin here. */
const isOfThird = (id: string) => calculateSlot(`{${id}}`) > 10_922
const living = ids.filter((id) => !isOfThird(id))
const dead = ids.filter(isOfThird)

/**
 * The response text of a product of 2.5 KB, through `Redis.Cluster`, out of three masters on this machine. And of ids in
 * two of the three shards: out of the same cluster, and out of another one whose third master is stopped by SIGSTOP and
 * known to be away.
 */
export const measure: Measure = (say) => {
  const aisle = withBefore('aisle')
  const entrants = [
    ...[bare, pipelined, ...aisle].map((contender) => ({ contender, name: contender, kind: '' })),
    ...aisle.map((contender) => ({ contender, name: contender + calm, kind: calm })),
    ...aisle.map((contender) => ({ contender, name: contender + away, kind: away })),
  ]
  return withCluster((whole) =>
    withCluster((torn) =>
      withWorkers(entrants.length, async (workers) => {
        const racers = entrants.map((entrant, at) => ({ ...entrant, worker: workers[at] as Racer['worker'] }))
        for (const [at, { contender, name, kind, worker }] of racers.entries()) {
          say(`filling for ${name}`)
          const { url } = kind === away ? torn : whole
          await worker.call('open', { name: contender, redisUrl: url, prefix: `bench-${at}` })
          await worker.call('fill', undefined)
          if (kind !== '') await worker.call('choose', { only: living })
        }
        torn.masters[2]?.process.kill('SIGSTOP')
        for (const { name, kind, worker } of racers) {
          if (kind !== away) continue
          say(`${name}: until it is known`)
          const [first, then] = [dead.slice(0, 10), dead.slice(10, 20)]
          await worker.call('ask', { some: first })
          const loaded = await worker.call('ask', { some: then })
          if (loaded < then.length)
            throw new Error(`${name} had ${then.length - loaded} hits on a shard that is away`)
        }
        for (const { name, worker } of racers) {
          say(`warming ${name}`)
          await worker.call('slice', { concurrency: 32, ms: warmUpMs })
          await worker.call('slice', { concurrency: 1, ms: warmUpMs / 2 })
        }
        const servers = [...whole.masters, ...torn.masters.slice(0, 2)].map(({ url }) => url)
        const at1 = await Race.run(racers, servers, { concurrency: 1, rounds, ms, say })
        const at32 = await Race.run(racers, servers, { concurrency: 32, rounds, ms, say })
        const calmOf = (contender: string) => at32.ratio(contender + away, contender + calm)
        return {
          rows: Object.fromEntries(
            racers.map(({ name }) => [
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
            'hit through Redis.Cluster at 32 callers, to its bare GET': atLeast(
              1,
              round(at32.ratio('aisle', bare), 3),
            ),
            'hit at 32 callers with one shard away, to a calm cluster': atLeast(
              0.9,
              round(calmOf('aisle'), 3),
            ),
          },
          notes: {
            ...Object.fromEntries(
              aisle
                .filter((name) => name.endsWith(beforeSuffix))
                .map((name) => [`${name}, one shard away, to a calm cluster`, round(calmOf(name), 3)]),
            ),
            'slices repeated, since the machine stood still': at1.repeated + at32.repeated,
          },
        }
      }),
    ),
  )
}
