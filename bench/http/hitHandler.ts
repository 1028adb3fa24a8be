import { withBefore } from '../support/checkouts.ts'
import { raceHits, rateRow, repeatedSlices } from '../support/hitRates.ts'
import { atLeast, type Measure, roundsOf } from '../support/measurement.ts'
import { withRacers } from '../support/racers.ts'
import { round } from '../support/statistics.ts'
import { withPipe } from './output.ts'

const rounds = roundsOf(21)
const bare = 'bare GET'
const handler = 'getProduct handler'

/** Measures hits through the whole handler: an event in, a response out, and a log line into a pipe, as on Lambda. */
export const measure: Measure = (report) => {
  const names = [bare, ...withBefore('aisle', handler)]
  return withPipe((output) =>
    withRacers(names, { report, output }, async (racers, redisUrl) => {
      const rates = await raceHits(racers, [redisUrl], { rounds, report })
      return {
        rows: Object.fromEntries(names.map((name) => [name, rateRow(rates, name, bare)])),
        demands: {
          'hit through the handler at 32 calls, to a bare GET': atLeast(
            0.82,
            round(rates.at32.ratio(handler, bare), 3),
          ),
        },
        notes: repeatedSlices(rates.at1, rates.at32),
      }
    }),
  )
}
