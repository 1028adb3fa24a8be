import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { chartFile, documents, figures, fill } from '../../bench/cost/documents.ts'
import { bill, breakEven, cachedGB, month, product, readSide } from '../../bench/cost/model.ts'
import { cost } from '../../bench/cost/prices.ts'
import { distinct, harmonic, hitRatio, ranksFor, share } from '../../bench/cost/zipf.ts'

const texts = documents.map((path) => readFileSync(path, 'utf8'))

it.each(documents.map((path, at) => [path.replace(/.*\//, ''), texts[at] ?? '']))(
  '%s contains exactly the figures that bench/cost.ts prints',
  (_name, text) => {
    expect(text).toMatch(/^<!-- figures: /m)
    expect(fill(text)).toBe(text)
  },
)

it('the chart in the documentation is the one that bench/cost.ts draws', () => {
  expect(readFileSync(chartFile.path, 'utf8')).toBe(chartFile.make())
})

it('the documents contain all figures, and name none that does not exist', () => {
  const named = texts.flatMap((text) =>
    [...text.matchAll(/^<!-- figures: (\w+) -->$/gm)].map(([, name]) => name),
  )
  expect(named.sort()).toEqual(Object.keys(figures).sort())
  expect(() => fill('<!-- figures: nonsense -->\n<!-- end -->')).toThrow('"nonsense"')
})

it('a figure that was changed by hand is corrected', () => {
  const [first = ''] = texts
  expect(fill(first.replace(/\$(\d)/, '$1$1'))).toBe(first)
})

it('a bill agrees with a calculation by hand', () => {
  // In tiers: 300 million requests at 1 USD, the rest at 0.9.
  expect(cost('httpApi', 400)).toBeCloseTo(300 + 90, 9)
  // 60 TB of Lambda's logs cost 12,500 USD in the example of the pricing page.
  expect(cost('lambdaLogs', 60_000)).toBeCloseTo(12_500, 9)
  // One million consistent reads of up to 4 KB, and a tenth of them at a hit ratio of 0.9.
  expect(bill(1e6, product, undefined)['DynamoDB, reads']).toBeCloseTo(0.125, 9)
  expect(bill(1e6, product, 0.9)['DynamoDB, reads']).toBeCloseTo(0.0125, 9)
  // Nine reads of ten use 2.6 ECPUs, for 2.6 KB. The tenth misses and uses 4 more.
  expect(bill(1e6, product, 0.9)['cache, ECPUs']).toBeCloseTo((0.9 * 2.6 + 0.1 * 6.6) * 0.0023, 9)
  // One million hits of 2 ms with half a gigabyte of memory.
  expect(bill(1e6, product, 1)['Lambda, time']).toBeCloseTo(1000 * 0.0000133334, 9)
  // 1,000 misses a second for one minute, with 2,955 bytes each.
  expect(cachedGB(10_000, product, 0.9)).toBeCloseTo(0.1773, 9)
  // The minimum charge: 0.1 GB for 730 hours.
  expect(month(1, product, 0.9).stored).toBeCloseTo(6.132, 9)
})

it('the cache costs more below the break-even, and less above it', () => {
  const rate = breakEven(product, 0.9) ?? Number.NaN
  const gain = (at: number) => readSide(at, product, undefined) - readSide(at, product, 0.9)
  expect(gain(rate * 0.99)).toBeLessThan(0)
  expect(gain(rate * 1.01)).toBeGreaterThan(0)
  expect(breakEven(product, 0)).toBeUndefined()
})

it("the approximate sums of Zipf's law agree with sums over all ranks", () => {
  expect(harmonic(10, 1)).toBeCloseTo(2.9289682539682538, 12)
  const zipf = { products: 200_000, s: 0.9 }
  const ranks = Array.from({ length: zipf.products }, (_, at) => (at + 1) ** -zipf.s)
  const all = ranks.reduce((sum, each) => sum + each, 0)
  const p = ranks.map((each) => each / all)
  expect(harmonic(zipf.products, zipf.s) / all).toBeCloseTo(1, 6)
  expect(share(zipf, 7)).toBeCloseTo(p[6] ?? 0, 8)
  expect(hitRatio(zipf, 500, 60)).toBeCloseTo(
    p.reduce((sum, each) => sum + each - each / (1 + 500 * 60 * each), 0),
    6,
  )
  expect(distinct(zipf, 5000) / p.reduce((sum, each) => sum + 1 - Math.exp(-5000 * each), 0)).toBeCloseTo(
    1,
    6,
  )
  const ranks80 = ranksFor(zipf, 0.8)
  expect(p.slice(0, Math.round(ranks80)).reduce((sum, each) => sum + each, 0)).toBeCloseTo(0.8, 3)
})

it('the hit ratio of entries that expire agrees with a simulated cache', () => {
  const zipf = { products: 50, s: 0.9 }
  const cumulative = Array.from({ length: zipf.products }, (_, at) => harmonic(at + 1, zipf.s))
  const all = cumulative.at(-1) ?? 0
  let seed = 1
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const ends = new Map<number, number>()
  const requests = 200_000
  let hits = 0
  for (let now = 0, at = 0; at < requests; at++) {
    now -= Math.log(1 - random()) / 2
    const wanted = random() * all
    const rank = cumulative.findIndex((sum) => sum >= wanted)
    if ((ends.get(rank) ?? 0) > now) hits++
    else ends.set(rank, now + 60)
  }
  expect(Math.abs(hits / requests - hitRatio(zipf, 2, 60))).toBeLessThan(0.01)
})
