import { readFileSync } from 'node:fs'
import { productPage } from '../../lib/storefront/productPage.ts'
import { atLeast, atMost, type Measure, round, roundsOf } from '../cacheAside/measured.ts'
import { Race } from '../cacheAside/race.ts'
import { withRedis } from '../cacheAside/servers.ts'
import { withWorkers } from '../cacheAside/worker.ts'
import { withPipe } from './output.ts'
import { type PageSize, pageOf } from './page.ts'

const rounds = roundsOf(21)
const ms = 200
const warmUpMs = 800
/** A page and the JSON of the same document. */
const pairs: { size: PageSize; json: string; html: string }[] = [
  { size: 'typical', json: 'JSON of the same document', html: 'storefront page' },
  { size: 'full', json: 'JSON of a full document', html: 'full storefront page' },
]
const names = pairs.flatMap(({ json, html }) => [json, html])
const kilobytes = (bytes: number) => round(bytes / 1024, 1)

/** A product page, its document cached, as HTML and as the JSON that it is made of: the whole handler of each. */
export const measure: Measure = (say) =>
  withPipe((log) =>
    withRedis((redis) =>
      withWorkers(
        names.length,
        async (workers) => {
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
          const row = (name: string, json: string, text: string) => ({
            'at 1, /s': round(at1.median(name, 'perSecond')),
            'to JSON, at 1': round(at1.ratio(name, json), 2),
            'at 32, /s': round(at32.median(name, 'perSecond')),
            'to JSON, at 32': round(at32.ratio(name, json), 2),
            'CPU at 32, us': round(at32.median(name, 'cpuMicros'), 1),
            KB: kilobytes(Buffer.byteLength(text)),
          })
          const [typical] = pairs
          if (!typical) throw new Error('There is nothing to measure')
          const style = readFileSync(new URL('../../lib/storefront/assets/style.css', import.meta.url))
          return {
            rows: Object.fromEntries(
              pairs.flatMap(({ size, json, html }) => [
                [json, row(json, json, JSON.stringify(pageOf('p-1', size)))],
                [html, row(html, json, productPage(pageOf('p-1', size)))],
              ]),
            ),
            demands: {
              'storefront page at 32 calls, to the JSON of the same document': atLeast(
                0.5,
                round(at32.ratio(typical.html, typical.json), 3),
              ),
              'HTML of a full page, KB': atMost(
                30,
                kilobytes(Buffer.byteLength(productPage(pageOf('p-1', 'full')))),
              ),
              'style and script of the storefront, KB': atMost(10, kilobytes(style.byteLength)),
            },
            notes: { 'slices repeated, since the machine stood still': at1.repeated + at32.repeated },
          }
        },
        log,
      ),
    ),
  )
