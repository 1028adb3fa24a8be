import { libraries, textCached } from './contender.ts'
import { withBefore } from './engine.ts'
import { atLeast, type Measure, round, roundsOf } from './measured.ts'
import { Race } from './race.ts'
import { withRedis } from './servers.ts'
import { withWorkers } from './worker.ts'

const rounds = roundsOf(9)
/** Of those alone whom the demands compare, for these ratios have to be known to a few percent. */
const finalRounds = roundsOf(21)
const finalists = 3
const ms = 200
const warmUpMs = 800
const bare = 'bare GET'
const pipelined = 'bare GET, auto-pipelined'
const textCaching = libraries.map((name) => name + textCached)

/**
 * The response text of a product of 2.5 KB, out of Redis. Each contender is a process of its own, with a database of
 * its own; in each round everybody has a turn, alone, and is compared with the others of the same round.
 */
export const measure: Measure = (say) => {
  const aisle = withBefore('aisle')
  const names = [bare, pipelined, ...aisle, 'aisle, value parsed', ...libraries, ...textCaching]
  return withRedis((redis) =>
    withWorkers(names.length, async (workers) => {
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
      const fastest = libraries
        .toSorted((a, b) => at32.median(b, 'perSecond') - at32.median(a, 'perSecond'))
        .slice(0, finalists)
      const only = (...chosen: string[]) => racers.filter(({ name }) => chosen.includes(name))
      const final = { rounds: finalRounds, ms, say }
      const finalAt1 = await Race.run(only(bare, pipelined, ...aisle), [redis.url], {
        concurrency: 1,
        ...final,
      })
      const finalAt32 = await Race.run(only(bare, pipelined, ...aisle, ...fastest), [redis.url], {
        concurrency: 32,
        ...final,
      })
      const repeated = [at1, at32, finalAt1, finalAt32].reduce((sum, race) => sum + race.repeated, 0)
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
          'hit at 32 callers, to a bare GET': atLeast(1.2, round(finalAt32.ratio('aisle', bare), 3)),
          'hit at 32 callers, to an auto-pipelined GET': atLeast(
            1.05,
            round(finalAt32.ratio('aisle', pipelined), 3),
          ),
          'hit at 1 caller, to a bare GET': atLeast(0.95, round(finalAt1.ratio('aisle', bare), 3)),
          'hit at 32, to the best library': atLeast(1.8, round(finalAt32.ratioToBest('aisle', fastest), 3)),
        },
        notes: {
          ...Object.fromEntries(
            aisle.flatMap((name) => [
              [`${name}, deciding rounds at 32, to a bare GET`, round(finalAt32.ratio(name, bare), 3)],
              [
                `${name}, deciding rounds at 32, to an auto-pipelined GET`,
                round(finalAt32.ratio(name, pipelined), 3),
              ],
              [`${name}, deciding rounds at 1, to a bare GET`, round(finalAt1.ratio(name, bare), 3)],
            ]),
          ),
          'aisle to the best library that is given the text to cache, at 32': round(
            at32.ratioToBest('aisle', textCaching),
            2,
          ),
          'slices repeated, since the machine stood still': repeated,
        },
      }
    }),
  )
}
