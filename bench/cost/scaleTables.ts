import { percent, round, table, usd } from './markdown.ts'
import { bill, page, product, request, secondsPerMonth, storage, total } from './model.ts'
import { cost } from './prices.ts'
import { quotas } from './quotas.ts'
import { distinct, hitRatio, ranksFor, share, type Zipf } from './zipf.ts'

/** What the design is judged by. */
const rate = 1e6
const products = 1e9
const exponents = [0.8, 0.9, 1]
const catalogues: Zipf[] = exponents.map((s) => ({ products, s }))
const headOf = (what: string) => [what, ...exponents.map((s) => `s = ${s}`)]
/** How long CloudFront answers without asking, s. */
const atTheEdge = 10

export const quotaTable = () =>
  [
    '| limit | value | known from |',
    '|---|---:|---|',
    ...Object.values(quotas).map(
      ({ what, value, source, known }) =>
        `| ${what} | ${value.toLocaleString('en-US')} | [${known}](${source}) |`,
    ),
  ].join('\n')

/** The most asked product, which is one key in one slot. */
export function hotKey(): string {
  const hottest = catalogues.map((zipf) => rate * share(zipf, 1))
  return table(headOf('the most asked product'), [
    ['share of all requests', ...catalogues.map((zipf) => percent(share(zipf, 1)))],
    ['requests/s', ...hottest.map(round)],
    ['ECPU/s in its slot, as a product', ...hottest.map((each) => round(each * product.kB))],
    ['ECPU/s in its slot, as a page', ...hottest.map((each) => round(each * page.kB))],
    ['requests/s behind one edge cache', ...hottest.map((each) => round(1 / (atTheEdge + 1 / each)))],
  ])
}

/** How much has to be kept for a hit ratio, if nothing ever runs out. */
export const memory = () =>
  table(
    headOf('for a hit ratio of'),
    [0.5, 0.8, 0.9, 0.95, 0.99].map((wanted) => [
      String(wanted),
      ...catalogues.map((zipf) => {
        const kept = ranksFor(zipf, wanted)
        return `${percent(kept / products)}, ${round((kept * product.entryBytes) / 1e9)} GB`
      }),
    ]),
  )

/** Which hit ratio the life of an entry allows, however much memory there is. */
export const lives = () =>
  table(
    headOf('an entry lives for'),
    (
      [
        ['60 s, as now', 60],
        ['10 minutes', 600],
        ['1 hour', 3600],
        ['1 day', 86_400],
      ] as const
    ).map(([name, ttl]) => [
      name,
      ...catalogues.map((zipf) => {
        const ratio = hitRatio(zipf, rate, ttl)
        const loads = rate * (1 - ratio)
        return `${percent(ratio)}, ${round(loads)} loads/s, ${round((loads * ttl * product.entryBytes) / 1e9)} GB`
      }),
    ]),
  )

/** What CloudFront leaves for the origin, if it were one cache. */
export const edge = () =>
  table(
    ['viewers and catalogue', ...exponents.map((s) => `s = ${s}`)],
    (
      [
        [1e4, 1e5],
        [1e5, 1e6],
        [1e6, 1e6],
        [1e6, 1e9],
      ] as const
    ).map(([viewers, count]) => [
      `${round(viewers)}/s, ${round(count)} products`,
      ...exponents.map((s) => {
        const ratio = hitRatio({ products: count, s }, viewers, atTheEdge)
        return `${percent(ratio)} at the edge, ${round(viewers * (1 - ratio))}/s left`
      }),
    ]),
  )

/** How many loads follow when the cache has lost everything. Each product is loaded once, by whoever has the lease. */
export const herd = () =>
  table(
    [
      'after the loss of all entries, s = 0.9',
      'loads/s before',
      'before, if entries live for 1 h',
      'in the first second',
      'in 10 s',
      'in 60 s',
    ],
    (
      [
        [100, 1e4],
        [1e4, 1e5],
        [1e4, 1e6],
        [1e5, 1e7],
        [1e6, 1e9],
      ] as const
    ).map(([asked, count]) => {
      const zipf = { products: count, s: 0.9 }
      return [
        `${round(asked)}/s, ${round(count)} products`,
        ...[request.ttl, 3600].map((ttl) => round(asked * (1 - hitRatio(zipf, asked, ttl)))),
        ...[1, 10, 60].map((seconds) => round(distinct(zipf, asked * seconds))),
      ]
    }),
  )

/** How many sandboxes work at the same time, each with its connection. */
export const sandboxes = () =>
  table(
    ['a request takes', ...[1e4, 1e5, 1e6].map((asked) => `${round(asked)}/s`)],
    (
      [
        ['2 ms: a hit', 2],
        ['9 ms: a miss', 9],
        ['100 ms: Redis is silent, until the breaker opens', 100],
        ['2.5 s: DynamoDB is silent', 2500],
      ] as const
    ).map(([what, ms]) => [
      what,
      ...[1e4, 1e5, 1e6].map((asked) => `${round((asked * ms) / 1000)} sandboxes`),
    ]),
  )

/** The sentences that hold figures. */
export function limitsInShort(): string {
  const zipf = { products, s: 0.9 }
  const atEdge = hitRatio(zipf, rate, atTheEdge)
  const lives = [request.ttl, 86_400].map((ttl) => percent(hitRatio(zipf, rate, ttl)))
  return [
    `1. The HTTP API and Lambda end first: at ${round(quotas.httpApiRate.value)} requests/s, by their default quotas. CloudFront has to answer most, and where the interest is spread over ${round(products)} products it can answer only ${percent(atEdge)} within its ${atTheEdge} s.`,
    `2. With so many products a life of ${request.ttl} s allows a hit ratio of ${lives[0]} and no more, whatever the memory; a day allows ${lives[1]}. So it has to become hours, and the stream's invalidation the thing to trust.`,
    `3. After the loss of the cache DynamoDB has to bear several times its usual reads, and the more, the better the cache was. A warm table bears it, its ceiling bounds it; reserved concurrency would bound the hits as well.`,
    `4. One product is one partition, and so is a category in the index, and so are the counters of all categories together. These end first, at ${round(counterMoves)} moves a second.`,
    '5. It is dear before it is impossible: see the last lines of the arithmetic.',
  ].join('\n')
}

/** A transaction costs twice the write units, and all counters lie in one partition. */
const counterMoves = quotas.partitionWrites.value / 2

/** The other figures that docs/scale.md speaks of. */
export function arithmetic(): string {
  const ecpus = rate * product.kB
  const doublings = Math.log2(ecpus / quotas.slotEcpus.value)
  const gb = (products * 2.5 * 1024) / 1e9
  const writes = rate * 0.01
  const collection = (quotas.collectionGB.value * 1e9) / (2 * 1000)
  const imported = products * (3 + 1 + 2)
  const days = imported / quotas.tableUnits.value / 86_400
  const fleet = 280
  const at = bill(rate * secondsPerMonth, product, 0.8)
  return table(
    ['arithmetic', 'result'],
    [
      [
        'Lambda: concurrency that 10^6 requests/s demand, at 10 requests/s each',
        round(rate / quotas.requestsEach.value),
      ],
      [
        'Lambda: minutes from nothing to 10^6/s in one function, 10,000 requests/s more each 10 s',
        round(((rate / 10_000) * 10) / 60),
      ],
      ['ElastiCache: ECPU/s for 10^6 hits/s', round(ecpus)],
      [
        `ElastiCache: minutes from an empty cache to that, ${round(doublings)} doublings`,
        round(doublings * quotas.doublingMinutes.value),
      ],
      ['ElastiCache: to keep that ready at all times, USD an hour', usd(cost('ecpu', (ecpus * 3600) / 1e6))],
      ['ElastiCache: mean ECPU/s of a slot', round(ecpus / 16_384)],
      ['ElastiCache: hits/s that one product can get', round(quotas.slotEcpus.value / product.kB)],
      ['ElastiCache: hits/s that one page of 12 KB can get', round(quotas.slotEcpus.value / page.kB)],
      ['ElastiCache: the whole catalogue in memory, GB', round((products * product.entryBytes) / 1e9)],
      [
        'ElastiCache: a month of the largest cache, USD',
        usd(storage((quotas.cacheGiB.value * 1024 ** 3) / 1e9)),
      ],
      ['DynamoDB: the table, GB', round(gb)],
      ['DynamoDB: its partitions, at 10 GB each, at least', round(gb / 10)],
      ['DynamoDB: write units/s for one write in a hundred requests, 3 units each', round(writes * 3)],
      [
        'DynamoDB: products that can be added to one category, in a second',
        round(quotas.partitionWrites.value),
      ],
      [
        'DynamoDB: counters that can move in a second, all categories together, by transactions',
        round(counterMoves),
      ],
      ['DynamoDB: reviews of one product, 1 KB each, in the table and in the index', round(collection)],
      ['DynamoDB: days to import the catalogue, at the quota of a table', round(days)],
      ['DynamoDB: what that import costs, USD', usd(cost('write', imported / 1e6))],
      [
        `if readers were held to ${fleet} at a time, which they are not: loads/s that reach DynamoDB at most, 7 ms each`,
        round((fleet / (request.hitMs + product.loadMs)) * 1000),
      ],
      [`the same: hits/s at most, 2 ms each`, round((fleet / request.hitMs) * 1000)],
      [
        `the same: requests/s at most, if the limit of 10 for each holds for it too (not verified)`,
        round(fleet * quotas.requestsEach.value),
      ],
      ['10^6 requests/s at the origin, hit ratio 0.8: USD a month', usd(total(at))],
      ['of which the HTTP API', usd(at['HTTP API'])],
      ['of which logs', usd(at.logs)],
    ],
  )
}
