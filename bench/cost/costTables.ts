import { change, percent, round, table, usd } from './markdown.ts'
import {
  type Bill,
  bill,
  breakEven,
  cachedGB,
  type Document,
  hoursPerMonth,
  month,
  page,
  product,
  readSide,
  request,
  secondsPerMonth,
  storage,
  total,
} from './model.ts'
import { cost, type Price, prices } from './prices.ts'
import { alarms, metricsOfRoute, routes } from './watched.ts'
import { hitRatio } from './zipf.ts'

export const hitRatios = [0, 0.5, 0.8, 0.9, 0.95, 0.99]
export const rates = [1, 100, 10_000]
/** The share of the provisioned reads that a shop uses. The rest is a reserve, so that a traffic wave is not throttled. */
const provisionedUse = 0.7
const catalogue = { s: 0.9 }

const perSecond = (rate: number) => `${round(rate)}/s`
const columns = ['no cache', ...hitRatios.map((ratio) => `hit ratio ${ratio}`)]

/** Returns each price with its source. */
export const priceTable = () =>
  [
    '| what | USD | per | as of | known from |',
    '|---|---:|---|---|---|',
    ...Object.values(prices).map(({ what, usd, per, source, date, known }: Price) => {
      const text =
        typeof usd === 'number'
          ? plain(usd)
          : usd.map(([to, each]) => `${plain(each)}${to < 1e9 ? ` to ${round(to)}` : ''}`).join(', ')
      return `| ${what} | ${text} | ${per} | ${date} | [${known}](${source}) |`
    }),
  ].join('\n')

const plain = (usd: number) => (usd < 0.001 ? usd.toFixed(10).replace(/0+$/, '') : String(usd))

/** Returns the cost of a million requests for a product, by its parts. */
export function perMillion(): string {
  const bills = [undefined, ...hitRatios].map((ratio) => bill(1e6, product, ratio))
  const rows = (Object.keys(bills[0] as Bill) as (keyof Bill)[]).map((part) => [
    part,
    ...bills.map((each) => (each[part] === 0 ? '' : exactly(each[part]))),
  ])
  return table(
    ['a million requests', ...columns],
    [...rows, ['**sum**', ...bills.map((each) => `**${exactly(total(each))}**`)]],
  )
}

const exactly = (value: number) => `$${value.toFixed(3)}`

/** Returns the monthly cost at each rate. */
export function perMonth(document: Document): string {
  const without = rates.map((rate) => month(rate, document, undefined).total)
  return table(
    [`${document.name}, monthly cost at`, ...rates.map(perSecond)],
    [
      ['no cache', ...without.map(usd)],
      ...hitRatios.map((ratio) => [
        `hit ratio ${ratio}`,
        ...rates.map((rate, at) => {
          const { total } = month(rate, document, ratio)
          return `${usd(total)} (${change(total - (without[at] ?? 0))})`
        }),
      ]),
    ],
  )
}

/** Returns the parts of the monthly cost at each rate. */
export function parts(): string {
  const ratio = 0.9
  const rows = rates.map((rate) => {
    const { parts, stored } = month(rate, product, ratio)
    return [perSecond(rate), ...Object.values(parts).map(usd), usd(stored)]
  })
  return table(['monthly cost at', ...Object.keys(month(1, product, ratio).parts), 'cache, storage'], rows)
}

/** Returns the rate from which the cache pays, for each hit ratio. */
export const breakEvens = () =>
  table(
    ['the cache pays from', ...hitRatios.map((ratio) => `hit ratio ${ratio}`)],
    [product, page].map((document) => [
      document.name,
      ...hitRatios.map((ratio) => {
        const rate = breakEven(document, ratio)
        return rate === undefined ? 'never' : perSecond(rate)
      }),
    ]),
  )

/** Returns the expected hit ratio, and what the cache then costs or saves. */
export const expected = () =>
  table(
    ['products', ...rates.map(perSecond)],
    [1e3, 1e4, 1e5, 1e6, 1e7].map((products) => [
      round(products),
      ...rates.map((rate) => {
        const ratio = hitRatio({ products, ...catalogue }, rate, request.ttl)
        const saved = readSide(rate, product, ratio) - readSide(rate, product, undefined)
        return `${percent(ratio)} (${change(saved)})`
      }),
    ]),
  )

/** Returns the cost with CloudFront, with and without the cache at the origin. */
export function cdn(): string {
  const answers = 1e6
  const gb = (answers * request.answerKB) / 1e6
  const edge = cost('cdnRequest', 1) + cost('cdnOut', gb)
  const origins = [undefined, 0.8].map((ratio) => total(bill(answers, product, ratio)))
  const direct = cost('out', gb)
  const rows = [0, 0.5, 0.8, 0.9, 0.99].map((atTheEdge) => [
    `CloudFront answers ${percent(atTheEdge)}`,
    ...origins.map((origin) => usd(edge + (1 - atTheEdge) * origin)),
  ])
  return table(
    ['a million answers', 'no cache', 'cache, hit ratio 0.8'],
    [['no CloudFront', ...origins.map((origin) => usd(origin + direct))], ...rows],
  )
}

/** Returns the cost of the other ways to read, without the parts that they have in common. */
export function alternatives(): string {
  const ratio = 0.9
  const millions = (rate: number) => (rate * secondsPerMonth) / 1e6
  const onDemand = (rate: number, units: number) => cost('read', millions(rate) * units)
  const provisioned = (rate: number) =>
    cost('provisionedRead', Math.ceil(rate / provisionedUse) * hoursPerMonth)
  const ecpus = (rate: number) => month(rate, product, ratio).parts['cache, ECPUs']
  const misses = (rate: number, units: number) => onDemand(rate, (1 - ratio) * units)
  const rows: [string, (rate: number) => number][] = [
    ['no cache, on demand, consistent', (rate) => onDemand(rate, 1)],
    ['no cache, on demand, eventually consistent', (rate) => onDemand(rate, 0.5)],
    ['no cache, provisioned and steady, consistent', provisioned],
    [
      'this design: ElastiCache Serverless',
      (rate) => misses(rate, 1) + ecpus(rate) + storage(cachedGB(rate, product, ratio)),
    ],
    ['two nodes cache.t4g.small', (rate) => misses(rate, 1) + 2 * cost('smallNode', hoursPerMonth)],
    ['two nodes cache.r7g.large', (rate) => misses(rate, 1) + 2 * cost('largeNode', hoursPerMonth)],
    ['DAX, three nodes dax.t3.small', (rate) => misses(rate, 0.5) + 3 * cost('dax', hoursPerMonth)],
  ]
  return table(
    ['reads of a product, monthly cost at', ...rates.map(perSecond)],
    rows.map(([what, price]) => [what, ...rates.map((rate) => usd(price(rate)))]),
  )
}

/** Returns the cost of a million writes. */
export function writes(): string {
  const item = 3
  return table(
    ['a million updates of a product of 2.5 KB', 'USD'],
    [
      ['HTTP API', exactly(cost('httpApi', 1))],
      ['Lambda, requests: the authorizer and the handler', exactly(cost('lambdaRequest', 2))],
      ['DynamoDB, the read before the write', exactly(cost('read', 1))],
      [`DynamoDB, the conditional put, ${item} units`, exactly(cost('write', item))],
      ['the removal of three entries with one DEL', exactly(cost('ecpu', 3))],
      ['Lambda for the stream, ten records at a time', exactly(cost('lambdaRequest', 0.1))],
    ],
  )
}

/** Returns the costs that do not depend on the number of requests. */
export function fixed(): string {
  const products = 1e6
  const gb = (products * 2.5) / 1e6
  return table(
    ['monthly cost', 'USD'],
    [
      [
        `metrics: ${routes} routes, about ${metricsOfRoute} each while they receive requests`,
        usd(cost('metric', routes * metricsOfRoute)),
      ],
      [
        `${alarms.count} alarms on ${alarms.metrics} metrics; only if \`watched\` is \`yes\``,
        usd(cost('alarm', alarms.metrics)),
      ],
      [
        `${round(products)} products stored, with point-in-time recovery`,
        usd(cost('table', gb) + cost('recovery', gb)),
      ],
      ['the empty cache', usd(storage(0))],
      ['the VPC: private subnets, a gateway endpoint for DynamoDB, no NAT gateway', usd(0)],
    ],
  )
}

/** Returns the sentences of the summary, which contain figures. */
export function inShort(): string {
  const at = (rate: number, ratio: number) =>
    readSide(rate, product, ratio) - readSide(rate, product, undefined)
  const all = bill(1e6, product, undefined)
  const pays = breakEven(product, 0.9) ?? Number.NaN
  const gb = (1e6 * request.answerKB) / 1e6
  const edge =
    (cost('cdnRequest', 1) + cost('cdnOut', gb) - cost('out', gb)) / total(bill(1e6, product, undefined))
  const between = (1e6 * product.kB * cost('betweenZones', 2) * 0.5) / 1e6
  const big = month(10_000, product, 0.9).parts
  const proofs = (1_000 * secondsPerMonth) / request.proofEvery
  return [
    `- A million requests cost about ${usd(total(all))}, of which reading DynamoDB is ${usd(all['DynamoDB, reads'])}. A cache can save only that and some of Lambda's time.`,
    `- The cache costs at least ${usd(storage(0))} a month. At a hit ratio of 0.9 it pays from ${perSecond(pays)} for products, and from ${perSecond(breakEven(page, 0.9) ?? Number.NaN)} for product page documents, which take ${page.readUnits} read units to compose.`,
    `- At that hit ratio the cache loses ${usd(at(1, 0.9))} a month at 1/s. It saves ${usd(-at(100, 0.9))} at 100/s, and ${usd(-at(10_000, 0.9))} of ${usd(month(10_000, product, undefined).total)} at 10,000/s.`,
    `- Logs are ${percent(all.logs / total(all))} of the cost of a million requests. At 10,000/s they cost ${usd(big.logs)} a month, while DynamoDB without any cache costs ${usd(month(10_000, product, undefined).parts['DynamoDB, reads'])}.`,
    `- CloudFront saves more than Redis, because it also avoids the HTTP API, Lambda and the logs. It pays for itself if it answers ${percent(edge)} of the requests at the edge.`,
    `- Not in the tables: if AWS bills data between zones, half of the hits cross zones, and a million hits cost ${usd(between)} more. That is ${percent(between / all['DynamoDB, reads'])} of what they save in reads.`,
    `- Not in the tables: a sandbox that only reads proves every ${request.proofEvery} s that its cache accepts removals, with a \`DEL\` next to a read. A thousand sandboxes that are busy all month send ${round(proofs)} of them, for ${usd(cost('ecpu', proofs / 1e6))}. In a quiet shop, where a sandbox reads less often than that, each read costs one ECPU more.`,
  ].join('\n')
}
