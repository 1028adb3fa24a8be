import { withBefore } from '../support/checkouts.ts'
import { libraries, textCached } from '../support/contender.ts'
import { raceHits, rateRow, repeatedSlices } from '../support/hitRates.ts'
import { atLeast, type Measure, roundsOf } from '../support/measurement.ts'
import { Race } from '../support/race.ts'
import { withRacers } from '../support/racers.ts'
import { round } from '../support/statistics.ts'

const rounds = roundsOf(9)
/** The final rounds have only the contenders that the targets compare: those ratios must be known to a few percent. */
const finalRounds = roundsOf(21)
/** How many libraries reach the final rounds. */
const finalists = 3
const bare = 'bare GET'
const pipelined = 'bare GET, auto-pipelined'
const textCaching = libraries.map((name) => name + textCached)

/** Measures how fast each contender returns the response text of a product of 2.5 KB from Redis. */
export const measure: Measure = (report) => {
  const aisle = withBefore('aisle')
  const names = [bare, pipelined, ...aisle, 'aisle, value parsed', ...libraries, ...textCaching]
  return withRacers(names, { report }, async (racers, redisUrl) => {
    const rates = await raceHits(racers, [redisUrl], { rounds, report })
    const { at1, at32 } = rates
    const fastest = libraries
      .toSorted((a, b) => at32.median(b, 'perSecond') - at32.median(a, 'perSecond'))
      .slice(0, finalists)
    const final = (concurrency: number, ...chosen: string[]) =>
      Race.run(
        racers.filter(({ name }) => chosen.includes(name)),
        [redisUrl],
        { concurrency, rounds: finalRounds, report },
      )
    const finalAt1 = await final(1, bare, pipelined, ...aisle)
    const finalAt32 = await final(32, bare, pipelined, ...aisle, ...fastest)
    return {
      rows: Object.fromEntries(names.map((name) => [name, rateRow(rates, name, bare)])),
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
            [`${name}, final rounds at 32, to a bare GET`, round(finalAt32.ratio(name, bare), 3)],
            [
              `${name}, final rounds at 32, to an auto-pipelined GET`,
              round(finalAt32.ratio(name, pipelined), 3),
            ],
            [`${name}, final rounds at 1, to a bare GET`, round(finalAt1.ratio(name, bare), 3)],
          ]),
        ),
        'aisle to the best library that caches the text, at 32': round(
          at32.ratioToBest('aisle', textCaching),
          2,
        ),
        ...repeatedSlices(at1, at32, finalAt1, finalAt32),
      },
    }
  })
}
