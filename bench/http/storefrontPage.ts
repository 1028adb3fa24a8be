import { statSync } from 'node:fs'
import { productPage } from '../../lib/storefront/productPage.ts'
import { raceHits, rateRow, repeatedSlices } from '../support/hitRates.ts'
import { atLeast, atMost, type Measure, roundsOf } from '../support/measurement.ts'
import { withRacers } from '../support/racers.ts'
import { round } from '../support/statistics.ts'
import { withPipe } from './output.ts'
import { productPageOf } from './productPage.ts'

const rounds = roundsOf(21)
const typical = { document: productPageOf('p-1'), json: 'JSON of the same document', html: 'storefront page' }
const full = {
  document: productPageOf('p-1', 'full'),
  ...{ json: 'JSON of a full document', html: 'full storefront page' },
}
const pairs = [typical, full]

/** Measures product pages as HTML, in turns with the JSON of the same document: the whole handler of each, all hits. */
export const measure: Measure = (report) => {
  const names = pairs.flatMap(({ json, html }) => [json, html])
  return withPipe((output) =>
    withRacers(names, { report, output }, async (racers, redisUrl) => {
      const rates = await raceHits(racers, [redisUrl], { rounds, report })
      const rowOf = (name: string, json: string, text: string) => ({
        ...rateRow(rates, name, json, 'JSON'),
        KB: kilobytes(Buffer.byteLength(text)),
      })
      const style = new URL('../../lib/storefront/assets/style.css', import.meta.url)
      return {
        rows: Object.fromEntries(
          pairs.flatMap(({ document, json, html }) => [
            [json, rowOf(json, json, JSON.stringify(document))],
            [html, rowOf(html, json, productPage(document))],
          ]),
        ),
        demands: {
          'storefront page at 32 calls, to the JSON of the same document': atLeast(
            0.5,
            round(rates.at32.ratio(typical.html, typical.json), 3),
          ),
          'HTML of a full page, KB': atMost(30, kilobytes(Buffer.byteLength(productPage(full.document)))),
          'style and script of the storefront, KB': atMost(10, kilobytes(statSync(style).size)),
        },
        notes: repeatedSlices(rates.at1, rates.at32),
      }
    }),
  )
}

const kilobytes = (bytes: number) => round(bytes / 1024, 1)
