import { percent, round, table, usd } from './markdown.ts'
import { bill, page, product, request, secondsPerMonth, storage, total } from './model.ts'
import { cost } from './prices.ts'
import { quotas } from './quotas.ts'
import { distinct, hitRatio, ranksFor, share, type Zipf } from './zipf.ts'

/** The scale that docs/scale.md assumes: requests/s, and the number of products. */
const rate = 1e6
const products = 1e9
const exponents = [0.8, 0.9, 1]
const catalogues: Zipf[] = exponents.map((s) => ({ products, s }))
const headOf = (what: string) => [what, ...exponents.map((s) => `s = ${s}`)]
/** How long CloudFront answers without asking the origin, s. */
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

/** Returns the load of the most requested product, which is one key in one hash slot. */
export function hotKey(): string {
  const hottest = catalogues.map((zipf) => rate * share(zipf, 1))
  return table(headOf('the most requested product'), [
    ['share of all requests', ...catalogues.map((zipf) => percent(share(zipf, 1)))],
    ['requests/s', ...hottest.map(round)],
    ['ECPU/s in its hash slot, as a product', ...hottest.map((each) => round(each * product.kB))],
    ['ECPU/s in its hash slot, as a product page document', ...hottest.map((each) => round(each * page.kB))],
    ['requests/s behind one edge cache', ...hottest.map((each) => round(1 / (atTheEdge + 1 / each)))],
  ])
}

/** Returns how much memory a hit ratio needs if entries never expire. */
export const memory = () =>
  table(
    headOf('for a hit ratio of'),
    [0.5, 0.8, 0.9, 0.95, 0.99].map((wanted) => [
      String(wanted),
      ...catalogues.map((zipf) => {
        const cached = ranksFor(zipf, wanted)
        return `${percent(cached / products)}, ${round((cached * product.entryBytes) / 1e9)} GB`
      }),
    ]),
  )

/** Returns the hit ratio that a ttl allows, with as much memory as it takes. */
export const lives = () =>
  table(
    headOf('an entry lives for'),
    (
      [
        ['60 s, the present ttl', 60],
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

/** Returns the load that CloudFront leaves for the origin, as if CloudFront were one cache. */
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

/** Returns how many loads follow the loss of all entries. Each product is loaded once, by the caller that holds its lease. */
export const herd = () =>
  table(
    [
      'after the loss of all entries, s = 0.9',
      'loads/s before',
      'loads/s before, if entries live for 1 h',
      'loads in the first second',
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

/** Returns how many sandboxes are busy at the same time, each with a connection of its own. */
export const sandboxes = () =>
  table(
    ['a request takes', ...[1e4, 1e5, 1e6].map((asked) => `${round(asked)}/s`)],
    (
      [
        ['2 ms: a hit', 2],
        ['9 ms: a miss', 9],
        ['100 ms: Redis does not answer, until the breaker opens', 100],
        ['2.5 s: DynamoDB does not answer', 2500],
      ] as const
    ).map(([what, ms]) => [
      what,
      ...[1e4, 1e5, 1e6].map((asked) => `${round((asked * ms) / 1000)} sandboxes`),
    ]),
  )

/** Returns the sentences of the summary, which contain figures. */
export function limitsInShort(): string {
  const zipf = { products, s: 0.9 }
  const atEdge = hitRatio(zipf, rate, atTheEdge)
  const lives = [request.ttl, 86_400].map((ttl) => percent(hitRatio(zipf, rate, ttl)))
  return [
    `1. The HTTP API and Lambda reach their limits first: at ${round(quotas.httpApiRate.value)} requests/s, their default quotas. CloudFront has to answer most requests. If the readers spread over ${round(products)} products, it can answer only ${percent(atEdge)} within its ${atTheEdge} s.`,
    `2. With so many products a ttl of ${request.ttl} s allows a hit ratio of at most ${lives[0]}, whatever the memory. A ttl of one day allows ${lives[1]}. So the ttl has to grow to hours, and freshness then depends on the stream's invalidation.`,
    `3. After the loss of the cache DynamoDB gets several times its usual reads. The higher the hit ratio was, the larger the factor. A table with enough warm throughput handles them, and its ceiling bounds them. Reserved concurrency would bound the hits too.`,
    `4. One product is one partition, one category in the index is one partition, and the counters of all categories together are one partition. The counters reach their limit first, at ${round(counterMoves)} moves a second.`,
    '5. Cost becomes the limit before feasibility does: see the last lines of the arithmetic.',
  ].join('\n')
}

/** How often counters can change, per second. A transaction costs twice the write units, and one partition holds all counters. */
const counterMoves = quotas.partitionWrites.value / 2

/** Returns the other figures that docs/scale.md mentions. */
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
        'Lambda: concurrency for 10^6 requests/s, at 10 requests/s each',
        round(rate / quotas.requestsEach.value),
      ],
      [
        'Lambda: minutes from zero to 10^6/s in one function, at 10,000 requests/s more every 10 s',
        round(((rate / 10_000) * 10) / 60),
      ],
      ['ElastiCache: ECPU/s for 10^6 hits/s', round(ecpus)],
      [
        `ElastiCache: minutes from an empty cache to that, ${round(doublings)} doublings`,
        round(doublings * quotas.doublingMinutes.value),
      ],
      [
        'ElastiCache: USD an hour to keep that capacity ready at all times',
        usd(cost('ecpu', (ecpus * 3600) / 1e6)),
      ],
      ['ElastiCache: mean ECPU/s of a hash slot', round(ecpus / 16_384)],
      ['ElastiCache: maximum hits/s of one product', round(quotas.slotEcpus.value / product.kB)],
      [
        'ElastiCache: maximum hits/s of one product page document of 12 KB',
        round(quotas.slotEcpus.value / page.kB),
      ],
      ['ElastiCache: the whole catalogue in memory, GB', round((products * product.entryBytes) / 1e9)],
      [
        'ElastiCache: a month of the largest cache, USD',
        usd(storage((quotas.cacheGiB.value * 1024 ** 3) / 1e9)),
      ],
      ['DynamoDB: the table, GB', round(gb)],
      ['DynamoDB: its partitions, at 10 GB each, at least', round(gb / 10)],
      ['DynamoDB: write units/s for one write in a hundred requests, 3 units each', round(writes * 3)],
      [
        'DynamoDB: products that can be added to one category each second',
        round(quotas.partitionWrites.value),
      ],
      ['DynamoDB: counter moves each second, all categories together, by transactions', round(counterMoves)],
      [
        'DynamoDB: maximum reviews of one product, 1 KB each, in the table and in the index',
        round(collection),
      ],
      ['DynamoDB: days to import the catalogue, at the quota of a table', round(days)],
      ['DynamoDB: what that import costs, USD', usd(cost('write', imported / 1e6))],
      [
        `if at most ${fleet} reading sandboxes ran at a time, which is not the case: maximum loads/s that reach DynamoDB, 7 ms each`,
        round((fleet / (request.hitMs + product.loadMs)) * 1000),
      ],
      [`the same: maximum hits/s, 2 ms each`, round((fleet / request.hitMs) * 1000)],
      [
        `the same: maximum requests/s, if the limit of 10 for each applies to it too (not verified)`,
        round(fleet * quotas.requestsEach.value),
      ],
      ['10^6 requests/s at the origin, hit ratio 0.8: USD a month', usd(total(at))],
      ['of that, the HTTP API', usd(at['HTTP API'])],
      ['of that, logs', usd(at.logs)],
    ],
  )
}
